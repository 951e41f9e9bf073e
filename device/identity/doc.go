// Package identity keeps who the box is: its keys, what the centre certified, and
// the orders that it obeyed. A folder holds
//
//	open       keys that work while the box is locked: link, heartbeat, pages' leaf
//	closed     identity, HPKE key, the pages' own authority, the enrolment;
//	           sealed under a subkey of the storage key
//	enrolment  a copy of the enrolment for the locked box; public
//	trust      what the centre signed since: issuing keys, revocations, decisions; public
//	orders     number of the last order obeyed, whether unlocking is forbidden, the
//	           latest time that is surely past
//
// The sealed file is the truth: who can write on the card can exchange the copy, and
// is told from the centre only at the next unlock, which compares the two. Until
// then such a box shows nothing and can at most be erased, which who holds the card
// can do anyway.
package identity
