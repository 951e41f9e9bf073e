// Package tree holds the tests of the source tree itself: who may import what,
// size budgets, documentation, what may stand at package level, and the lists of
// dependencies that are checked in. It has no code of its own.
package tree
