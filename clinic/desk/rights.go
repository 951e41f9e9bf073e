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
	rightOpen    // open protected records
	rightProtect // protect records
	rightStaff   // add and change people
	rightUnlock  // forget a colleague's wrong PINs
	rightSelf    // everybody who works here
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
	case rightTreat:
		return []clinic.Role{doctor}
	case rightBill:
		return []clinic.Role{nurse, doctor, cashier}
	case rightStaff:
		return []clinic.Role{admin}
	case rightUnlock, rightProtect:
		return []clinic.Role{doctor, admin}
	case rightSelf:
		return []clinic.Role{nurse, doctor, cashier, admin, clinic.RoleTechnician}
	}
	return nil
}

// who returns the person if they work here and may do it.
func who(r Reference, id clinic.ID, need right) (Person, error) {
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

func person(r Reference, id clinic.ID) (Person, error) {
	all, err := r.Staff()
	if err != nil {
		return Person{}, err
	}
	i := slices.IndexFunc(all, func(p Person) bool { return p.ID == id })
	if i < 0 || all[i].Left {
		return Person{}, &Error{Code: CodeNoPerson}
	}
	return all[i], nil
}
