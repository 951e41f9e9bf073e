package demo

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/internal/durable"
)

// member is one of the demo's staff. The PINs are drawn at the first start and
// kept in the demo's folder: there are no default PINs, not even here.
type member struct {
	ID   clinic.ID
	PIN  string
	Role clinic.Role
	Name string
	// Title as it prints before the name.
	Title string
}

type team []member

// loadTeam reads the team, or draws a new one.
func loadTeam(path string) (team, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		t := newTeam()
		b, err := json.Marshal(t)
		if err != nil {
			return nil, fmt.Errorf("demo: %w", err)
		}
		return t, durable.WriteFile(path, b, 0o600)
	}
	var t team
	if err == nil {
		err = json.Unmarshal(b, &t)
	}
	if err != nil {
		return nil, fmt.Errorf("demo: team: %w", err)
	}
	return t, nil
}

func newTeam() team {
	t := team{
		{Role: clinic.RoleNurse, Name: "Phạm Thị Mơ", Title: "ĐD."},
		{Role: clinic.RoleDoctor, Name: "Nguyễn Văn Thử", Title: "BS."},
		{Role: clinic.RoleCashier, Name: "Trần Thị Tính", Title: "DS."},
		{Role: clinic.RoleAdministrator, Name: "Lê Văn Mẫu", Title: "YS."},
	}
	for i := range t {
		t[i].ID, t[i].PIN = clinic.NewID(), newPIN()
	}
	return t
}

// newPIN draws a PIN that the staff's rules accept.
func newPIN() string {
	for {
		n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
		if err != nil {
			panic(err) // the system has no randomness: nothing else would work
		}
		if pin := fmt.Sprintf("%06d", n); clinic.CheckPIN(pin) == nil {
			return pin
		}
	}
}

func (t team) of(r clinic.Role) member {
	for _, m := range t {
		if m.Role == r {
			return m
		}
	}
	return member{}
}

func (t team) seeds() []desk.StaffSeed {
	var out []desk.StaffSeed
	for _, m := range t {
		out = append(out, desk.StaffSeed{
			ID: m.ID, PIN: m.PIN, Staff: clinic.Staff{Name: m.Name, Role: m.Role, Title: m.Title},
		})
	}
	return out
}

// roleNames are the words of the demo's lists.
func roleNames(r clinic.Role) string {
	return map[clinic.Role]string{
		clinic.RoleNurse: "Điều dưỡng / nurse", clinic.RoleDoctor: "Bác sĩ / doctor",
		clinic.RoleCashier: "Thu ngân / cashier", clinic.RoleAdministrator: "Quản trị / administrator",
	}[r]
}
