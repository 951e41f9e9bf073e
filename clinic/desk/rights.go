package desk

import (
	"slices"
	"strconv"

	"clinicbox/clinic"
)

// right is something that only some roles may do.
type right uint8

const (
	rightRead     right = iota // see records and lists
	rightRegister              // patients, queue, allergies, paper
	rightMeasure
	rightTreat // examine, diagnose, prescribe, appoint, sign
	rightBill
	rightEnd
	rightOpen     // open protected records
	rightProtect  // protect records
	rightLink     // say whether two records are of one person
	rightStaff    // add and change people
	rightCatalog  // keep catalogues
	rightOld      // bring in old data
	rightUnlock   // forget a colleague's wrong PINs
	rightSelf     // everybody who works here
	rightReceive  // receive, send and ask for goods, and adjust stock
	rightDispense // hand goods out, take them back
	rightCount    // count stock
	rightReport   // hand reports in
)

// roles says who may do what. A technician reaches no record (DESIGN 5).
func (r right) roles() []clinic.Role {
	const nurse, doctor, cashier, admin = clinic.RoleNurse, clinic.RoleDoctor, clinic.RoleCashier, clinic.RoleAdministrator
	switch r {
	case rightRead:
		return []clinic.Role{nurse, doctor, cashier, admin}
	case rightRegister:
		return []clinic.Role{nurse, doctor, cashier}
	case rightMeasure, rightEnd, rightOpen:
		return []clinic.Role{nurse, doctor}
	case rightTreat: // clinic.Role.Signs
		return []clinic.Role{doctor}
	case rightBill:
		return []clinic.Role{nurse, doctor, cashier}
	case rightReceive, rightReport:
		return []clinic.Role{doctor, cashier, admin}
	case rightDispense:
		return []clinic.Role{nurse, doctor, cashier}
	case rightCount:
		return []clinic.Role{nurse, doctor, cashier, admin}
	case rightLink:
		return []clinic.Role{nurse, doctor, admin}
	case rightStaff, rightCatalog, rightOld:
		return []clinic.Role{admin}
	case rightUnlock, rightProtect:
		return []clinic.Role{doctor, admin}
	case rightSelf:
		return []clinic.Role{nurse, doctor, cashier, admin, clinic.RoleTechnician}
	}
	return nil
}

// who returns the person if they work here and may do it.
func who(r Reader, id clinic.ID, need right) (Person, error) {
	p, err := person(r, id)
	if err != nil {
		return Person{}, err
	}
	if !slices.Contains(need.roles(), p.Role) {
		return Person{}, notAllowed(p)
	}
	return p, nil
}

func notAllowed(p Person) *Error {
	return &Error{Code: CodeNotAllowed, Args: map[string]string{"role": strconv.Itoa(int(p.Role))}}
}

// person returns somebody who works here and was admitted on this box.
func person(r Reader, id clinic.ID) (Person, error) {
	p, err := worker(r, id)
	if err == nil && p.Foreign {
		return Person{}, &Error{Code: CodeNoPerson}
	}
	return p, err
}

// worker returns somebody who works here.
func worker(r Reader, id clinic.ID) (Person, error) {
	all, err := staffOf(r)
	if err != nil {
		return Person{}, err
	}
	i := slices.IndexFunc(all, func(p Person) bool { return p.ID == id })
	if i < 0 || all[i].Left {
		return Person{}, &Error{Code: CodeNoPerson}
	}
	return all[i], nil
}

// staffOf returns everybody with the rights that they have on this box. Entries that
// were made elsewhere come down the centre's signed stream only; still they tell
// names and take rights away, and never give any: the role is that of the last entry
// made here, who left here stays away, and who was never admitted here is Foreign.
func staffOf(r Reader) ([]Person, error) {
	all, err := r.Staff()
	for i := range all {
		if p := &all[i]; err == nil && p.Received {
			err = p.confine(r)
		}
	}
	return all, err
}

func (p *Person) confine(r People) error {
	records, err := r.Records(p.ID)
	p.Foreign = true
	left := false
	for i := range records {
		if b, ok := records[i].Body.(*clinic.Staff); ok && records[i].Ref.Journal == clinic.Own {
			p.Foreign, p.Role, left = false, b.Role, b.Left
		}
	}
	p.Left = p.Left || left
	return err
}
