// Package sim imitates devices at the level of bytes, for the demo and for tests:
// a barcode scanner on a pseudo-terminal, which the real driver opens like any
// serial port, a receipt printer that turns what it receives into a picture, a chip
// identity card that opens, proves itself and is signed as real ones are, and the
// socket of a PC/SC daemon with its readers. Each can also fail as the real thing does.
package sim
