package clinic

import (
	"strconv"
	"strings"
)

// NormalIdentifier brings a typed or scanned number into the form that is kept:
// upper case, without the blanks, points and hyphens people type between groups.
func NormalIdentifier(s string) string {
	return strings.ToUpper(strings.Map(func(r rune) rune {
		switch r {
		case ' ', '.', '-', '\u00a0', '\t', '\r', '\n':
			return -1
		}
		return r
	}, s))
}

// CheckIdentifier refuses a normal value that has not the form of its system.
func CheckIdentifier(field string, s System, value string) error {
	problem := ""
	switch s {
	case SystemCitizen:
		problem = unless(len(value) == 12 && digits(value), ProblemDigits12)
	case SystemOldID: // CMND, or a citizen number that was cancelled
		problem = unless((len(value) == 9 || len(value) == 12) && digits(value), ProblemDigits9)
	case SystemInsurance:
		problem = unless(isInsurance(value), ProblemInsurance)
	case SystemSocial:
		problem = unless(len(value) == 10 && digits(value), ProblemDigits10)
	case SystemTemporary:
		canonical, _, err := ParseTemporary(value)
		problem = unless(err == nil && canonical == value, ProblemTemporary)
	case SystemPassport:
		problem = unless(len(value) >= 6 && len(value) <= 15 && alnum(value), ProblemPassport)
	default:
		problem = ProblemSystem
	}
	if problem == "" {
		return nil
	}
	args := map[string]string{"length": strconv.Itoa(len([]rune(value)))}
	return &FieldError{Field: field, Problem: problem, Args: args}
}

func unless(ok bool, problem string) string {
	if ok {
		return ""
	}
	return problem
}

// isInsurance reports whether s has the form of a card number: two letters, a
// benefit digit 1–5, two digits of the province, ten of the person.
func isInsurance(s string) bool {
	return len(s) == 15 && alnum(s) && !digits(s[:1]) && !digits(s[1:2]) &&
		s[2] >= '1' && s[2] <= '5' && digits(s[3:])
}

// GuessSystem tells which system a bare normal number belongs to, by its form
// alone; ok is false for a length that no number has.
func GuessSystem(value string) (s System, ok bool) {
	for _, s := range []System{SystemCitizen, SystemSocial, SystemInsurance, SystemOldID, SystemTemporary} {
		if CheckIdentifier("", s, value) == nil {
			return s, true
		}
	}
	return 0, false
}

// SocialOf returns the social insurance number inside a 15-character card number:
// the part that stays the person's when the card changes.
func SocialOf(insurance string) (string, bool) {
	if !isInsurance(insurance) {
		return "", false
	}
	return insurance[5:], true
}

// Doubts about a citizen number: keys of warnings, never a reason to refuse, for
// numbers are corrected, births registered late and cards wrong.
const (
	DoubtProvince = "citizen.province-unknown"
	DoubtSex      = "citizen.sex-differs"
	DoubtBirth    = "citizen.birth-differs"
	DoubtCentury  = "citizen.century"
)

// CitizenDoubts lists every key, for the catalogues of words.
func CitizenDoubts() []string {
	return []string{DoubtProvince, DoubtSex, DoubtBirth, DoubtCentury}
}

// CheckCitizen compares a 12-digit number with sex and birth date (Decree
// 137/2015/NĐ-CP art. 13: province, century and sex, year of birth, six random
// digits; there is no check digit). It returns doubts.
func CheckCitizen(number string, sex Sex, birth Date) []string {
	if CheckIdentifier("", SystemCitizen, number) != nil {
		return nil
	}
	var doubts []string
	if !strings.Contains(provinces, " "+number[:3]+" ") {
		doubts = append(doubts, DoubtProvince) // or born abroad
	}
	g := int(number[3] - '0')
	if g > 3 {
		doubts = append(doubts, DoubtCentury) // born after 2099
	}
	if sex == SexMale && g%2 == 1 || sex == SexFemale && g%2 == 0 {
		doubts = append(doubts, DoubtSex)
	}
	yy, _ := strconv.Atoi(number[4:6])
	if !birth.IsZero() && birth.Year != 1900+100*(g/2)+yy {
		doubts = append(doubts, DoubtBirth)
	}
	return doubts
}

// provinces are the codes of birth registration (Circular 07/2016/TT-BCA annex
// 1): numbers given before the merger of 2025 keep them.
const provinces = " 001 002 004 006 008 010 011 012 014 015 017 019 020 022 024 025 026 027 030 031 033 " +
	"034 035 036 037 038 040 042 044 045 046 048 049 051 052 054 056 058 060 062 064 066 067 068 " +
	"070 072 074 075 077 079 080 082 083 084 086 087 089 091 092 093 094 095 096 "
