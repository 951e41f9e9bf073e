package clinic

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// FlagNow marks a disease of CatalogNotifiable that is reported within 24 hours; others
// are reported within 48.
const FlagNow = "now"

// Alert is the body of KindAlert: a disease that must be reported was diagnosed in the
// visit, or is so no longer. Its subject is the patient; the body names nobody, and
// neither does Message.
type Alert struct {
	Disease   string `cbor:"1,keyasint"` // code of CatalogNotifiable
	Name      string `cbor:"2,keyasint"` // as the row of the visit's day has it
	ICD       string `cbor:"3,keyasint"` // the code that was diagnosed
	Day       Date   `cbor:"4,keyasint"` // of the visit
	Years     int    `cbor:"5,keyasint,omitempty"`
	Months    int    `cbor:"6,keyasint,omitempty"` // below six years only
	Sex       Sex    `cbor:"7,keyasint,omitempty"`
	Now       bool   `cbor:"8,keyasint,omitempty"`  // within 24 hours, not 48
	Withdrawn bool   `cbor:"9,keyasint,omitempty"`  // the diagnosis was corrected
	Code      string `cbor:"10,keyasint,omitempty"` // of the case at this facility: two messages of one case are one
}

// AlertTold is the body of KindAlertTold: somebody reported an alert in another way than
// by the link. Its subject and visit are those of the alert.
type AlertTold struct {
	Alert []byte `cbor:"1,keyasint"` // leaf of the KindAlert entry
	How   string `cbor:"2,keyasint"` // in the words of who did it: to whom, by which way
}

// NotifiableOf returns the rows that the diagnoses fall under, in the order of the rows,
// with the first code that does; rows are those that hold on the visit's day.
func NotifiableOf(diagnoses []string, rows []CatalogRow) (found []CatalogRow, codes []string) {
	for _, r := range rows {
		if i := slices.IndexFunc(diagnoses, func(d string) bool { return r.applies([]string{d}) }); i >= 0 {
			found, codes = append(found, r), append(codes, diagnoses[i])
		}
	}
	return found, codes
}

// Until is when the alert must be with the authority, for an entry of that time.
func (a *Alert) Until(at time.Time) time.Time {
	if a.Now {
		return at.Add(24 * time.Hour)
	}
	return at.Add(48 * time.Hour)
}

// messageLen is what one SMS of the GSM 7-bit alphabet holds (3GPP TS 23.038).
const messageLen = 160

// Message returns the alert as one SMS without diacritics, at most 160 characters: plain
// turns a name into letters of that alphabet.
func (a *Alert) Message(facility string, plain func(string) string) string {
	what := "BAO DICH"
	if a.Withdrawn {
		what = "RUT BAO DICH"
	}
	age := fmt.Sprintf("%d tuoi", a.Years)
	if a.Years < 6 {
		age = fmt.Sprintf("%d thang", a.Years*12+a.Months)
	}
	sex := map[Sex]string{SexMale: " nam", SexFemale: " nu"}[a.Sex]
	rest := fmt.Sprintf(" (%s);%s %s; ngay %s; co so %s; ma %s", a.ICD, sex, age, a.Day, facility, a.Code)
	name := strings.Map(gsm, plain(a.Name))
	if room := messageLen - len(what) - 2 - len(rest); len(name) > room {
		name = name[:max(room, 0)]
	}
	return what + ": " + name + strings.Map(gsm, rest)
}

// gsm keeps what has one place in the GSM alphabet and in ASCII.
func gsm(r rune) rune {
	switch {
	case r < ' ' || r > '~':
		return -1
	case strings.ContainsRune("[]{}\\^~|`", r):
		return ' '
	}
	return r
}

// AlertFile is an alert with what became of it.
type AlertFile struct {
	Record Record
	Alert  *Alert
	Told   []Record // KindAlertTold, oldest first
}

// Alerts returns the visit's alerts, oldest first.
func (v *VisitFile) Alerts() (out []AlertFile) {
	for _, r := range v.alerts {
		if a, ok := r.Body.(*Alert); ok {
			out = append(out, AlertFile{Record: r, Alert: a})
		}
	}
	for _, r := range v.alerts {
		b, ok := r.Body.(*AlertTold)
		for i := range out {
			if ok && slices.Equal(b.Alert, out[i].Record.Leaf[:]) {
				out[i].Told = append(out[i].Told, r)
			}
		}
	}
	return out
}

// Standing returns the alert of the disease that stands, or nil: the latest, unless it
// is withdrawn.
func (v *VisitFile) Standing(disease string) (a *Alert) {
	for _, f := range v.Alerts() {
		if f.Alert.Disease == disease {
			a = f.Alert
		}
	}
	if a == nil || a.Withdrawn {
		return nil
	}
	return a
}
