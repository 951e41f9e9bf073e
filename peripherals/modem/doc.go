// Package modem drives a 4G modem by AT commands (3GPP TS 27.007 and 27.005): the
// card and its PIN, signal, registration, access point, and text messages in PDU mode.
// It opens no data connection of its own: the modem's network interface does that, and
// Dev says whether it can.
//
// A PIN is tried once, also across power cuts, so that a wrong one in the configuration
// never locks the card. A message is sent once: where the modem's answer was lost, it
// is marked unsure, and people decide. No number and no text stands in a log or error.
package modem
