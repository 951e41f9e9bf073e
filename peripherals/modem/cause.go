package modem

// Cause tells, as a stable key, why the modem works or does not.
type Cause string

// The causes.
const (
	Starting   Cause = "modem.starting"
	Online     Cause = "modem.online"      // registered, with an address
	Absent     Cause = "modem.absent"      // not plugged in
	Permission Cause = "modem.permission"  // the program may not open it
	NotSerial  Cause = "modem.not-serial"  // the path is no serial port, or another program holds it
	Silent     Cause = "modem.silent"      // does not answer as a modem
	NoSIM      Cause = "modem.no-sim"      // no card in it
	SIMFailed  Cause = "modem.sim-failed"  // the card cannot be read
	SIMOther   Cause = "modem.sim-other"   // the modem is tied to another network's card
	PINNeeded  Cause = "modem.pin-needed"  // the card wants a PIN and none is configured
	PINWrong   Cause = "modem.pin-wrong"   // the configured PIN was refused; it is not tried again
	PINUnsure  Cause = "modem.pin-unsure"  // it was tried and the answer lost; it is not tried again
	PINStorage Cause = "modem.pin-storage" // that it is tried could not be stored, so it is not
	PUK        Cause = "modem.puk"         // locked: only the PUK opens it, in a telephone
	Searching  Cause = "modem.searching"   // no network yet
	Denied     Cause = "modem.denied"      // the network refuses the card
	NoAddress  Cause = "modem.no-address"  // registered, no address: access point, or no data on the contract
	Restarting Cause = "modem.restarting"  // a reset that was asked for
	Stopped    Cause = "modem.stopped"
)

// Codes lists every cause, for the test that each has words in each language.
func Codes() []Cause {
	return []Cause{
		Starting, Online, Absent, Permission, NotSerial, Silent, NoSIM, SIMFailed, SIMOther, PINNeeded, PINWrong,
		PINUnsure, PINStorage, PUK, Searching, Denied, NoAddress, Restarting, Stopped,
	}
}

// mendable reports whether a reset may help. One that asks for the PIN anew does not.
func (c Cause) mendable() bool {
	switch c {
	case NoSIM, SIMFailed, Searching, Denied, NoAddress:
		return true
	}
	return false
}
