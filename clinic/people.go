package clinic

// Role tells what a person may do.
type Role uint8

// The roles (DESIGN: nurse, doctor, cashier, technician, administrator). A
// technician never reaches records.
const (
	RoleNurse         Role = 1
	RoleDoctor        Role = 2 // bác sĩ, y sĩ: may diagnose, prescribe, sign
	RoleCashier       Role = 3
	RoleTechnician    Role = 4
	RoleAdministrator Role = 5
)

// Staff is the body of KindStaff; the entry's subject is the person. The PIN is
// not here: its verifier never leaves the box.
type Staff struct {
	Name    string `cbor:"1,keyasint"`
	Role    Role   `cbor:"2,keyasint"`
	Title   string `cbor:"3,keyasint,omitempty"` // as printed: BS., YS., ĐD.
	Licence string `cbor:"4,keyasint,omitempty"` // số giấy phép hành nghề (MA_BAC_SI)
	Left    bool   `cbor:"5,keyasint,omitempty"` // no longer works here
}

// Facility is the body of KindFacility: the station, and the box that writes.
type Facility struct {
	Code      string `cbor:"1,keyasint"` // MA_CSKCB, 5 characters
	Name      string `cbor:"2,keyasint"`
	Governing string `cbor:"3,keyasint,omitempty"` // cơ quan chủ quản
	Address   string `cbor:"4,keyasint,omitempty"`
	Phone     string `cbor:"5,keyasint,omitempty"`
	Site      string `cbor:"6,keyasint,omitempty"` // which of the facility's places
	Box       string `cbor:"7,keyasint"`           // name of the box, as in topics
	Book      string `cbor:"8,keyasint"`           // one character 0-9a-z: this box's number series
}
