package modem

import "strings"

// Network is what is known of an operator.
type Network struct {
	Code string // country and network, "45204"
	Name string
	APN  string // what its contracts of data use
}

// Networks lists the operators of Viet Nam with their usual access points.
func Networks() []Network {
	return []Network{
		{"45201", "MobiFone", "m-wap"},
		{"45202", "VinaPhone", "m3-world"},
		{"45204", "Viettel", "v-internet"},
		{"45205", "Vietnamobile", "internet"},
	}
}

func network(code string) Network {
	for _, n := range Networks() {
		if n.Code == code {
			return n
		}
	}
	return Network{Code: code, Name: code}
}

// Access is an access point.
type Access struct {
	APN            string // "" = by the card's operator
	User, Password string
}

// valid reports whether it can stand between the quotes of a command.
func (a Access) valid() bool {
	return !strings.ContainsFunc(a.APN+a.User+a.Password, func(r rune) bool {
		return r < '!' || r > '~' || r == '"' || r == '\\'
	}) && max(len(a.APN), len(a.User), len(a.Password)) <= 100
}
