// Package barcode reads what a barcode scanner sends: the driver of a scanner on
// a serial port (Dev), and the recogniser that tells by content alone what a code
// is (Parse): citizen card, insurance card, our own slip, or a bare number.
//
// The codes on cards are unsigned: they say who somebody claims to be, they prove
// nothing. Nothing here logs a payload or puts one in an error.
package barcode
