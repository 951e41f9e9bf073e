package demo

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/device/staff"
	"clinicbox/internal/invent"
)

// step is how far a visit has come.
type step int

const (
	stepQueue step = iota
	stepVitals
	stepDiagnosis
	stepSigned
)

// visit plays an invented visit up to a step and returns it with the slip of its
// appointment, "" for none.
func (s *seeder) visit(ctx context.Context, a invent.Arrival, upTo step) (on desk.On, slip string, err error) {
	in := desk.VisitInput{
		Patient: s.ids[a.Person], Source: a.Plan.Source, Insurance: a.Plan.Insurance,
		Reason: a.Plan.Exam.Reason, Slip: s.slips[a.Person], Another: true,
	}
	done, err := s.desk.OpenVisit(ctx, s.call(clinic.RoleNurse), in)
	if err != nil {
		return on, "", fmt.Errorf("demo: visit: %w", err)
	}
	on = desk.On{Patient: done.Patient, Visit: done.Visit}
	steps := []func(context.Context, desk.On, *invent.VisitPlan) error{nil, s.measure, s.treat, s.sign}
	for at := stepVitals; at <= upTo; at++ {
		if at == stepSigned {
			if slip, err = s.appoint(ctx, on, &a.Plan); err != nil {
				return on, "", err
			}
		}
		if err := steps[at](ctx, on, &a.Plan); err != nil {
			return on, "", fmt.Errorf("demo: step %d: %w", at, err)
		}
	}
	return on, slip, nil
}

func (s *seeder) measure(ctx context.Context, on desk.On, p *invent.VisitPlan) error {
	values := map[string]string{}
	var all []string
	for _, f := range clinic.VitalFields() {
		if v := f.Value(&p.Vitals); v != 0 {
			values[f.Name] = clinic.FormatFixed(v, f.Decimals)
			all = append(all, f.Name)
		}
	}
	_, err := s.desk.Vitals(ctx, s.call(clinic.RoleNurse), desk.VitalsInput{On: on, Values: values, Confirmed: all})
	return err
}

func (s *seeder) treat(ctx context.Context, on desk.On, p *invent.VisitPlan) error {
	if _, err := s.desk.Exam(ctx, s.call(clinic.RoleDoctor), desk.ExamInput{On: on, Exam: p.Exam}); err != nil {
		return err
	}
	_, err := s.desk.Diagnose(ctx, s.call(clinic.RoleDoctor), desk.DiagnosisInput{
		On: on, Main: p.Diagnosis.Main, Others: p.Diagnosis.Others, Text: p.Diagnosis.Text,
	})
	if err != nil || len(p.Prescription.Lines) == 0 {
		return err
	}
	in := desk.PrescriptionInput{On: on, Advice: p.Prescription.Advice}
	for _, l := range p.Prescription.Lines {
		in.Lines = append(in.Lines, typed(l))
	}
	_, err = s.desk.Prescribe(ctx, s.call(clinic.RoleDoctor), in)
	for _, e := range desk.ErrorsOf(err) { // an invented doctor has a reason for everything
		if e.Code == desk.CodeDrugSafety {
			in.Overrides = append(in.Overrides, clinic.Override{Finding: e.Args["finding"], Reason: "Đã cân nhắc lợi hại, hẹn khám lại"})
		}
	}
	if len(in.Overrides) > 0 {
		_, err = s.desk.Prescribe(ctx, s.call(clinic.RoleDoctor), in)
	}
	return err
}

// typed is the line as a doctor types it: a dose with its times and days, or the
// quantity of a bottle or tube.
func typed(l clinic.DrugLine) desk.DrugInput {
	in := desk.DrugInput{Medicine: l.Medicine, Route: l.Route, When: l.When}
	if l.Dose > 0 && l.Times > 0 && l.Days > 0 {
		in.Dose, in.Times, in.Days = l.Dose.String(), strconv.Itoa(l.Times), strconv.Itoa(l.Days)
	}
	if l.Quantity != l.Dose*clinic.Milli(l.Times*l.Days) {
		in.Quantity = l.Quantity.String()
	}
	return in
}

func (s *seeder) appoint(ctx context.Context, on desk.On, p *invent.VisitPlan) (string, error) {
	in := desk.BillInput{On: on}
	for _, l := range p.Bill.Lines {
		in.Lines = append(in.Lines, desk.BillLineInput{Code: l.Code, Quantity: l.Quantity.String(), Insured: l.Insured})
	}
	if len(in.Lines) > 0 {
		if _, err := s.desk.Bill(ctx, s.call(clinic.RoleCashier), in); err != nil {
			return "", fmt.Errorf("demo: bill: %w", err)
		}
	}
	if p.FollowUp.Due.IsZero() {
		return "", nil
	}
	done, err := s.desk.Appoint(ctx, s.call(clinic.RoleDoctor), desk.AppointInput{
		On: on, Due: p.FollowUp.Due, Hour: p.FollowUp.Hour, Place: p.FollowUp.Place, Note: p.FollowUp.Note,
	})
	if err != nil {
		return "", fmt.Errorf("demo: appointment: %w", err)
	}
	return done.Records[0].Body.(*clinic.Appointment).Slip, nil
}

func (s *seeder) sign(ctx context.Context, on desk.On, _ *invent.VisitPlan) error {
	doctor := s.team.of(clinic.RoleDoctor)
	v, err := s.desk.VisitPage(ctx, doctor.ID, on.Patient, on.Visit)
	if err != nil {
		return err
	}
	_, err = s.desk.Sign(ctx, s.call(clinic.RoleDoctor), desk.SignInput{
		Patient: on.Patient, Visit: on.Visit, PIN: doctor.PIN, Seen: v.Visit.Seen(),
	})
	return err
}

// pastClock tells the seeder's time, which only goes forward.
type pastClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *pastClock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.After(c.now) {
		c.now = t
	}
}

// peek tells the time without adding to it.
func (c *pastClock) peek() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Now adds a moment at each call: two forms never come at the same instant.
func (c *pastClock) Now() (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(10 * time.Millisecond)
	return c.now, true
}

// sparingPins remembers a PIN that was right, so that a month of signatures does
// not cost a month of argon2id.
type sparingPins struct {
	desk.Pins
	right sync.Map // person + PIN
}

func (p *sparingPins) Open(ctx context.Context, person clinic.ID, pin string, stranger bool) (clinic.PINVerdict, crypto.Signer, error) {
	name := strings.Join([]string{person.String(), pin}, "/")
	if known, ok := p.right.Load(name); ok {
		return clinic.PINVerdict{Result: clinic.PINRight, Left: staff.MaxWrong}, slices.Clone(known.(ed25519.PrivateKey)), nil
	}
	v, key, err := p.Pins.Open(ctx, person, pin, stranger)
	if k, ok := key.(ed25519.PrivateKey); ok && err == nil && v.Result == clinic.PINRight {
		p.right.Store(name, slices.Clone(k)) // the desk wipes what it got
	}
	return v, key, err
}
