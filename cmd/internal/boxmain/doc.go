// Package boxmain is the box's program: its commands, and the wiring of store,
// desk, devices, sync and pages. Everything that joins two parts of the tree is a
// small adapter here; the demonstration starts the same Box in its own process.
package boxmain
