// Package sms turns text messages into the PDUs that a modem takes and gives (3GPP
// TS 23.040 and 23.038), and back: SMS-SUBMIT, SMS-DELIVER and SMS-STATUS-REPORT,
// the GSM 7-bit alphabet and UCS-2, messages of several parts. It does no I/O.
//
// A text with Vietnamese marks travels as UCS-2, 70 letters in a message. Errors
// never hold numbers or texts.
package sms
