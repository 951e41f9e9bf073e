// Package sim imitates devices at the level of bytes, for the demo and for tests:
// a barcode scanner on a pseudo-terminal, which the real driver opens like any
// serial port, and a receipt printer that turns what it receives into a picture.
// Each can also fail as the real thing does.
package sim
