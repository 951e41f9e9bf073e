package proof

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"clinicbox/clinic"
)

// How many lives a box has in the kill test.
func lives() int {
	switch {
	case os.Getenv("CLINICBOX_SOAK") != "":
		return 400
	case testing.Short():
		return 8
	}
	return 50
}

// seed is drawn anew at each run and logged; CLINICBOX_SEED repeats one.
func seed(t testing.TB) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(os.Getenv("CLINICBOX_SEED"), 10, 64)
	if err != nil {
		n = uint64(time.Now().UnixNano())
	}
	t.Logf("CLINICBOX_SEED=%d", n)
	return n
}

// TestKillNine kills the real program at random moments while four people work
// through its pages. What was answered as saved must be there; what was not
// answered is sent again as it was and must be there once.
func TestKillNine(t *testing.T) {
	rnd := rand.New(rand.NewPCG(seed(t), 9))
	s := newStation(t, program(t), t.TempDir(), "", team()...)
	var desks []*worker
	for i, m := range team() {
		desks = append(desks, &worker{t: t, who: m, n: i})
	}
	early := 0
	for range lives() {
		if !life(s, desks, rnd) {
			early++
		}
	}
	r := s.serve() // the last life: everything unanswered is sent again
	var wg sync.WaitGroup
	for _, w := range desks {
		wg.Go(func() { w.finish(r.url) })
	}
	wg.Wait()
	if err := r.stop(); err != nil {
		t.Fatalf("stop: %v\n%s", err, s.log)
	}
	s.clean()
	total, again := 0, 0
	for _, w := range desks {
		total, again = total+len(w.sent), again+w.again
		s.log.Absent(w.who.name, w.who.pin)
	}
	found := acts(t, s)
	for _, w := range desks {
		w.audit(found)
	}
	keys := map[clinic.ID]int{} // a login records the person's key, once
	for _, recs := range found {
		switch k := recs[0].Kind; k {
		case clinic.KindLooked, clinic.KindStaff, clinic.KindFacility:
		case clinic.KindCredential:
			if keys[recs[0].Subject]++; keys[recs[0].Subject] > 1 {
				t.Errorf("entry %d: the key of a person is recorded twice", recs[0].Ref.Index)
			}
		default:
			t.Errorf("entry %d (%v) is of an act that nobody sent", recs[0].Ref.Index, k)
		}
	}
	t.Logf("%d kills, %d of them before pages were served; %d forms saved, %d sent again", lives(), early, total, again)
	if total < lives() || again == 0 {
		t.Errorf("%d forms saved and %d sent again in %d lives: the kills hit nothing", total, again, lives())
	}
}

// life runs the box once, until it is killed, and reports whether it served. One
// in six ends while it opens, the others after it serves or after people are in.
func life(s *station, desks []*worker, rnd *rand.Rand) (served bool) {
	early, atWork := rnd.IntN(6) == 0, rnd.IntN(3) > 0
	cut := time.Duration(rnd.Int64N(int64(900 * time.Millisecond)))
	if early {
		cut /= 12
	}
	r := s.start()
	timer := time.NewTimer(cut)
	defer timer.Stop()
	if early {
		<-timer.C
		r.kill()
		return false
	}
	select {
	case <-r.ready:
	case <-r.ended:
		s.t.Fatalf("the box does not open after a kill: %v\n%s", r.err, s.log)
	}
	var wg sync.WaitGroup
	in := make(chan struct{})
	wg.Go(func() { open(turn(desks, rnd), r.url, func(w *worker) { wg.Go(w.work) }, in) })
	if atWork {
		<-in
	}
	timer.Reset(cut)
	<-timer.C
	r.kill()
	wg.Wait()
	return true
}

// open lets people log in one after the other, as the box checks one PIN at a
// time, each time somebody else first. in is closed when somebody is, or all tried.
func open(desks []*worker, base string, begin func(*worker), in chan<- struct{}) {
	done := sync.OnceFunc(func() { close(in) })
	defer done()
	for _, w := range desks {
		if err := w.login(base); err != nil {
			w.gone(err)
			continue
		}
		begin(w)
		done()
	}
}

// turn puts somebody else first.
func turn(desks []*worker, rnd *rand.Rand) []*worker {
	n := rnd.IntN(len(desks))
	return append(slices.Clone(desks[n:]), desks[:n]...)
}

// form is something that a worker sent, with the IDs that its page gave it.
type form struct {
	path  string
	v     url.Values
	step  string
	mark  string // words in it that stand nowhere else
	led   string // where the answer led; "" before an answer
	tries int
}

// worker is a person at a browser who registers and examines one invented patient
// after the other, and never gives up.
type worker struct {
	t       testing.TB
	who     member
	n       int // of the desk
	b       *browser
	sent    []*form // answered as saved
	pending *form   // sent, not answered
	again   int
	next    int    // step of the visit in hand
	visit   string // its address
	count   atomic.Int64
}

// plan is what happens at every visit. The examination is written twice: the
// second time is a correction.
func plan() []string {
	return []string{"register", "vitals", "exam", "diagnosis", "exam", "appointment", "allergies"}
}

// work sends again what has no answer and works until the box is gone.
func (w *worker) work() {
	err := w.resume()
	for err == nil {
		err = w.step()
	}
	w.gone(err)
}

func (w *worker) login(base string) error {
	w.b = newBrowser(w.t, base)
	return w.b.login(w.who)
}

// resume sends again what has no answer.
func (w *worker) resume() error {
	if w.pending == nil {
		return nil
	}
	w.again++
	return w.send()
}

// gone fails the test unless the error is that of a box that is not there. A cut
// in the middle of a PIN counts as a wrong one, so after five a pause is right too.
func (w *worker) gone(err error) {
	if _, ok := errors.AsType[*url.Error](err); ok || strings.Contains(err.Error(), "EOF") || errors.Is(err, errWait) {
		return
	}
	w.t.Errorf("desk %d: %v", w.n, err)
}

// step fills in and sends the next form of the visit.
func (w *worker) step() error {
	name := plan()[w.next]
	mark := word(w.n, int(w.count.Add(1)))
	path, with := w.fields(name, mark)
	v, err := w.b.fill(path, with)
	if err != nil {
		return err
	}
	w.pending = &form{path: path, v: v, step: name, mark: mark}
	return w.send()
}

// send sends the pending form. An answer other than "saved" fails the test: the
// form was right.
func (w *worker) send() error {
	f := w.pending
	f.tries++
	led, err := w.b.saved(f.path, f.v)
	if err != nil {
		return err
	}
	f.led = led
	w.sent = append(w.sent, f)
	w.pending = nil
	if f.step == "register" {
		w.visit = led
	}
	w.next = (w.next + 1) % len(plan())
	return nil
}

// word is a word that no other form has, of letters only: names have no digits.
func word(desk, n int) string {
	b := []byte{byte('A' + desk)}
	for ; n > 0; n /= 20 {
		b = append(b, "bcdghklmnpqrstvxeiou"[n%20])
	}
	return string(b)
}

// fields is what the person types.
func (w *worker) fields(step, mark string) (path string, v url.Values) {
	switch step {
	case "register":
		return "/register", url.Values{
			"name": {"Nguyễn Thử " + mark}, "birth.day": {"2"}, "birth.month": {"3"}, "birth.year": {"1961"}, "sex": {"2"},
			"address": {"Thôn Bãi Sau"}, "reason": {"ho " + mark}, "do": {"queue"},
		}
	case "allergies":
		patient, _, _ := strings.Cut(strings.TrimPrefix(w.visit, "/patients/"), "/")
		return "/patients/" + patient + "/allergies", url.Values{"known": {"yes"}, "substance.0": {"Tôm " + mark}, "reaction.0": {"mày đay"}}
	}
	v = map[string]url.Values{
		"vitals":      {"pulse": {"84"}, "temperature": {"37,2"}, "systolic": {"128"}, "diastolic": {"78"}, "weight": {"52,5"}, "height": {"156"}},
		"exam":        {"reason": {"ho"}, "finding": {"họng đỏ " + mark}},
		"diagnosis":   {"main": {"J06.9"}, "text": {"viêm họng " + mark}},
		"appointment": {"in": {strconv.Itoa(clinic.DateOf(time.Now()).AddDays(7).Int())}, "hour": {"08:30"}, "note": {"khám lại " + mark}},
	}[step]
	v.Set("do", "save")
	return w.visit + "/" + step, v
}

// finish sends what is pending, ends the visit in hand and reads every visit back
// through the pages.
func (w *worker) finish(base string) {
	err := w.login(base)
	w.eventually("the pause after PINs that were cut", func() bool {
		if errors.Is(err, errWait) {
			err = w.login(base)
		}
		return !errors.Is(err, errWait)
	})
	if err == nil {
		err = w.resume()
	}
	for err == nil && w.next != 0 {
		err = w.step()
	}
	if err != nil {
		w.t.Errorf("desk %d: %v", w.n, err)
		return
	}
	shown := map[string]string{} // visit → words that its page must show
	name := ""
	for _, f := range w.sent {
		switch f.step {
		case "register":
			name = f.mark
			shown[f.led] = name
		case "exam":
			visit := strings.TrimSuffix(f.path, "/exam")
			shown[visit] = f.mark // the later one is the current one
		}
	}
	for visit, mark := range shown {
		if p, err := w.b.get(visit); err != nil || p.status != 200 || !strings.Contains(p.text(), mark) {
			w.t.Errorf("desk %d: the page of a visit does not show %q: %d %v", w.n, mark, p.status, err)
		}
	}
}

// audit compares what was answered with what the journal holds.
func (w *worker) audit(found map[clinic.ID][]clinic.Record) {
	if w.pending != nil {
		w.t.Errorf("desk %d: a form is still without an answer", w.n)
	}
	for _, f := range w.sent {
		for _, key := range []string{"act", "act2"} {
			if f.v.Get(key) == "" {
				continue
			}
			id, err := clinic.ParseID(f.v.Get(key))
			if err != nil {
				w.t.Error(err)
			}
			if err := f.holds(found[id], key); err != nil {
				w.t.Errorf("desk %d: %s, sent %d times: %v", w.n, f.step, f.tries, err)
			}
			delete(found, id)
		}
	}
}

// holds checks that the act wrote one record, and what the form said.
func (f *form) holds(recs []clinic.Record, key string) error {
	if len(recs) != 1 {
		return fmt.Errorf("answered as saved, and the journal has %d records of it", len(recs))
	}
	text := ""
	switch b := recs[0].Body.(type) {
	case *clinic.Patient:
		text = b.Name
	case *clinic.Visit:
		text = b.Reason
	case *clinic.Exam:
		text = b.Finding
	case *clinic.Diagnosis:
		text = b.Text
	case *clinic.Appointment:
		text = b.Note
	case *clinic.Allergies:
		text = b.Items[0].Substance
	case *clinic.Vitals:
		if b.Pulse == 84 && b.Weight == 525 {
			text = f.mark
		}
	}
	if !strings.HasSuffix(text, f.mark) {
		return fmt.Errorf("%s holds a %T that does not say what was typed", key, recs[0].Body)
	}
	return nil
}
