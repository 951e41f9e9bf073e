// Package serialport opens serial lines for drivers that talk both ways: reads that
// tell silence from an unplugged adapter, writes with a deadline, a Close that works.
// tarm/serial offers none of these.
package serialport
