// Package pcsc reads smart cards through PC/SC readers, as a client of pcscd's
// socket (pcsc-lite) without its C library: a static program has none.
//
// A Dev watches the readers on a connection of its own and tells what comes and
// goes. Each open Card has a connection of its own too, so that breaking off one
// exchange never harms another: a broken connection is thrown away, and the daemon
// then lets go of the card.
//
// Message names and layouts are those of pcsc-lite's src/winscard_msg.h, protocol
// 4.4 and later; return codes those of its pcsclite.h.
package pcsc
