// Package sealer keeps the box's storage key wrapped in a file of key slots. Each
// slot holds the same storage key under a key of its own method: a key file, the
// board's secret with a person's PIN, a TPM with a PIN, a staff card, the recovery
// code, an answer by telephone. Adding and removing slots never changes the
// storage key, so it never touches a record; Rekey replaces it.
//
// Attackers, and what stops them (docs/decisions/0010-sealers.md has the reasons):
//
//   - Stolen card: has the SD card or a copy of it, not the board. Staff PIN, TPM,
//     staff card, recovery code and telephone answer stop him; the key file does
//     not when it lies on the same card.
//   - Stolen box: has card and board and guesses at the unlock page. The counted
//     tries of this package stop him, the TPM's own lock-out as well.
//   - Booted stolen board: starts his own system on the board. The staff PIN does
//     not stop him: he reads the board's secret and tries a million PINs at leisure.
//     The TPM does, for it counts; so do card, recovery code and telephone answer,
//     if they were not with the box.
//
// What no method stops: an old copy of the slots file opens with what opened it
// then. Removing a person's slot keeps that person from this box, not from a copy taken
// before; Rekey keeps the copy from what is written later.
package sealer
