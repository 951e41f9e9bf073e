package paper

import (
	"fmt"
	"time"

	"clinicbox/clinic"
)

// childAge is the age that stands on the paper of a child under 72 months: in hours,
// days or months (Circular 26/2025/TT-BYT). Of others the birth date is enough: "".
func childAge(p *clinic.Patient, at time.Time) string {
	n, unit, ok := clinic.SayAge(p.Birth, p.BirthTime, at)
	if !ok || unit == clinic.AgeYears {
		return ""
	}
	word := map[clinic.AgeUnit]string{clinic.AgeMonths: "tháng", clinic.AgeDays: "ngày", clinic.AgeHours: "giờ"}[unit]
	return fmt.Sprintf("%d"+noBreak+"%s"+noBreak+"tuổi", n, word)
}
