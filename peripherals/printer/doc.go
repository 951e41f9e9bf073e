// Package printer drives receipt printers: it draws a paper.Doc as dots, sends the
// dots as ESC/POS over TCP, serial or /dev/usb/lp*, asks the printer what became of
// them, and keeps jobs in a queue until the paper is known to be out.
//
// Everything is sent as a picture (GS v 0): no code page prints all 146 Vietnamese
// letters on every printer, and a clone prints a picture as the maker's model does.
//
// A write that succeeds proves nothing about paper. A job counts as printed when
// the printer answered, after the last row, that it has paper and no fault.
//
// Section numbers such as "DLE EOT" are command names of the ESC/POS command
// reference (Epson).
package printer
