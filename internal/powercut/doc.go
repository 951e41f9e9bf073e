// Package powercut tests what survives a power cut. It records every change that a
// process makes below a folder at the level of system calls, with the moments at
// which it was told that they are durable, and rebuilds the disk as a power cut at
// any moment may leave it.
//
// The disk is that of POSIX and no better. What was written is safe once an fsync or
// fdatasync of that file, begun after the write, has returned; a name is safe once an
// fsync of its folder has. Until then each sector may hold any of the contents it had
// since, a file any of its sizes, and a folder any part of its changes. A rename
// within a folder happens or does not. Habits of ext4 (a rename that waits for the
// data, an fsync that saves the name too) are not counted on.
//
// Nothing here is part of a program that ships.
package powercut
