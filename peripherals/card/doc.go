// Package card reads chip identity cards and passports (ICAO Doc 9303 parts 10 to 12)
// through whatever carries APDUs: it opens the chip with a key that a person typed or
// scanned, reads what is printed on the card and a little more, and says what of it is
// proven and what is not.
//
// What it reads names people. Errors, String and log values of this package do not.
package card
