// Package proof holds the tests and benchmarks that need the whole box: the real
// program killed at random moments, days without a link, a full disk, and the
// figures of a box with 100,000 patients. It has no code of its own.
package proof
