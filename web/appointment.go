package web

import (
	"context"
	"strconv"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// AppointmentPage is the view of the sixth step: when the patient shall come back.
type AppointmentPage struct {
	Step
	Choices []DayChoice
}

// DayChoice is one of the usual intervals.
type DayChoice struct {
	Days int
	Day  clinic.Date
}

func appointmentStep() step {
	return step{
		name: "appointment", kind: clinic.KindAppointment, fill: fillAppointment, view: viewAppointment, save: saveAppointment,
	}
}

func fillAppointment(f *Form, d *clinic.Document, _ *desk.VisitView) {
	b := clinic.BodyOf[clinic.Appointment](d)
	if b == nil {
		return
	}
	f.Set("in", "date")
	fillDate(f, "due", b.Due)
	f.Set("hour", b.Hour)
	f.Set("place", b.Place)
	f.Set("note", b.Note)
}

func viewAppointment(_ *Server, _ context.Context, b Step) (viewer, error) {
	v := &AppointmentPage{Step: b}
	for _, n := range []int{3, 7, 14, 30} {
		v.Choices = append(v.Choices, DayChoice{n, b.Today.AddDays(n)})
	}
	return v, nil
}

func saveAppointment(ctx context.Context, d *desk.Desk, c desk.Call, on desk.On, f *Form) error {
	in := desk.AppointInput{On: on, Hour: f.Get("hour"), Place: f.Get("place"), Note: f.Get("note")}
	if f.Get("in") == "" && f.Get("due.day")+f.Get("due.month")+f.Get("due.year") != "" {
		f.Set("in", "date") // who types a date means it
	}
	switch choice := f.Get("in"); choice {
	case "":
		f.Fail("in", "appointment.choose")
	case "date":
		if in.Due = readDate(f, "due"); in.Due.IsZero() && f.Err("due") == nil || !in.Due.IsZero() && !in.Due.Full() {
			f.Fail("due", "appointment.whole-date")
		}
	default:
		// The day itself travels in the form: a page that was opened yesterday
		// means the day that it showed.
		n, err := strconv.Atoi(choice)
		if in.Due = clinic.DateFromInt(n); err != nil || !in.Due.Full() || !in.Due.Valid() {
			f.Fail("in", "problem.date")
		}
	}
	if !f.OK() {
		return nil
	}
	_, err := d.Appoint(ctx, c, in)
	return err
}
