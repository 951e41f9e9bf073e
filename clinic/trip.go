package clinic

// Trip is where the staff saw a patient outside the station, and who went.
type Trip struct {
	Place   TripPlace `cbor:"1,keyasint"`
	Where   string    `cbor:"2,keyasint,omitempty"` // the address, or the village; as it was that day
	Minutes int       `cbor:"3,keyasint,omitempty"` // one way; 0 = not said
	With    [][]byte  `cbor:"4,keyasint,omitempty"` // people of the staff, 16 bytes each
}

// TripPlace is a kind of place. Values are frozen.
type TripPlace uint8

// The places.
const (
	TripHome    TripPlace = 1 // the patient's home
	TripVillage TripPlace = 2 // a session in a village
)

// MostMinutes is the longest way.
const MostMinutes = 24 * 60

// Went returns who went, of those who are named by a valid ID.
func (t *Trip) Went() (out []ID) {
	if t == nil {
		return nil
	}
	for _, b := range t.With {
		if len(b) == len(ID{}) {
			out = append(out, ID(b))
		}
	}
	return out
}
