package store_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/desk/desktest"
	"clinicbox/internal/fold"
	"clinicbox/store"
	"clinicbox/store/storetest"
)

// clinicBox is a desk on a real store, with a clock that is wrong by days.
type clinicBox struct {
	*desk.Desk
	store *store.Store
	clock *storetest.Clock
	nurse clinic.ID
	doc   clinic.ID
}

// clinics are boxes whose entries reach the others in any order, in parts and again.
type clinics struct {
	*testing.T
	rnd   *rand.Rand
	boxes []*clinicBox
	said  map[clinic.ID]map[string]bool // allergies that somebody heard of, by the ID
	ids   []clinic.ID
	did   map[string]int
}

func newClinics(t *testing.T, seed uint64, n int) *clinics {
	c := &clinics{T: t, rnd: rand.New(rand.NewPCG(seed, 9)), said: map[clinic.ID]map[string]bool{}, did: map[string]int{}}
	for i := range n {
		b := &clinicBox{clock: storetest.NewClock(), nurse: clinic.ID{2}, doc: clinic.ID{3}}
		b.clock.Add(time.Duration(c.rnd.IntN(200)-100) * time.Hour)
		o := storetest.Options(t.TempDir())
		o.Clock, o.Box, o.Fold = b.clock, fmt.Sprint("tram-", i), fold.String
		b.store = storetest.OpenWith(t, o)
		var err error
		b.Desk, err = desk.New(desk.Options{
			Store: b.store, Clock: b.clock, Pins: desktest.NewPins(), Papers: &desktest.Papers{}, Scans: desktest.Scans{}, Witness: &desktest.Store{}, Fold: fold.String,
			Site: desk.Site{Facility: clinic.Facility{Code: "22736", Name: "Trạm", Box: o.Box, Book: string(rune('a' + i))}},
		})
		if err != nil {
			t.Fatal(err)
		}
		seeds := []desk.StaffSeed{
			{ID: b.nurse, Staff: clinic.Staff{Name: "Lê Thị Giả", Role: clinic.RoleNurse}, PIN: "739105"},
			{ID: b.doc, Staff: clinic.Staff{Name: "Trần Văn Thử", Role: clinic.RoleDoctor}, PIN: "480257"},
		}
		if err := b.SetUp(t.Context(), seeds); err != nil {
			t.Fatal(err)
		}
		c.boxes = append(c.boxes, b)
	}
	return c
}

func (c *clinics) call(by clinic.ID) desk.Call { return desk.Call{Act: clinic.NewID(), By: by} }

// carry brings a random part of what one box wrote to another, maybe not for the first time.
func (c *clinics) carry(from, to *clinicBox, all bool) {
	c.Helper()
	raws, err := from.store.Own().Read(0, 1<<20, 1<<30)
	if err != nil {
		c.Fatal(err)
	}
	var got []store.Received
	for _, r := range raws {
		if all || c.rnd.IntN(2) == 0 {
			salt := r.Salt
			if !r.Explicit {
				salt = r.Seed.Salt(r.Place)
			}
			got = append(got, store.Received{Salt: salt, Bytes: r.Bytes})
		}
	}
	c.rnd.Shuffle(len(got), func(i, j int) { got[i], got[j] = got[j], got[i] })
	if _, err := to.store.Receive(c.Context(), got); err != nil {
		c.Fatal(err)
	}
}

// file folds a patient as a box has them.
func (c *clinics) file(b *clinicBox, id clinic.ID) (file clinic.PatientFile) {
	c.Helper()
	err := b.store.View(c.Context(), func(r desk.Reader) error {
		who, err := clinic.Identify(id, r.Links)
		if err != nil {
			return err
		}
		var all []clinic.Record
		for _, x := range who.IDs {
			records, err := r.Records(x)
			if err != nil {
				return err
			}
			all = append(all, records...)
		}
		file = clinic.FoldPerson(who, all)
		return nil
	})
	if err != nil {
		c.Fatal(err)
	}
	return file
}

// known returns the patients of whom a box has details.
func (c *clinics) known(b *clinicBox) (out []clinic.ID) {
	for _, id := range c.ids {
		if f := c.file(b, id); f.Now != nil && f.Parts[slices.IndexFunc(f.Parts, func(p clinic.Part) bool { return p.ID == id })].Now != nil {
			out = append(out, id)
		}
	}
	return out
}

// act does something at a box. Whatever a desk refuses is refused because of what stands
// there, and changes nothing.
func (c *clinics) act() {
	c.Helper()
	b := c.boxes[c.rnd.IntN(len(c.boxes))]
	b.clock.Add(time.Duration(c.rnd.IntN(600)) * time.Second)
	known := c.known(b)
	if len(known) == 0 || len(c.ids) < 6 && c.rnd.IntN(4) == 0 {
		c.register(b)
		return
	}
	id := known[c.rnd.IntN(len(known))]
	file := c.file(b, id)
	n := c.rnd.IntN(6)
	ok := false
	switch n {
	case 0:
		ok = c.allergy(b, &file)
	case 1:
		ok = c.change(b, id)
	case 2:
		ok = c.visit(b, &file)
	case 3:
		ok = c.amend(b, &file)
	case 4:
		ok = c.answer(b, id, known[c.rnd.IntN(len(known))])
	case 5:
		ok = c.settle(b, &file)
	}
	if ok {
		c.did[fmt.Sprint(n)]++
	}
}

func (c *clinics) register(b *clinicBox) {
	c.Helper()
	in := desk.PatientInput{Different: true, Patient: clinic.Patient{Name: "Nguyễn Thị " + string(rune('A'+len(c.ids))), Sex: clinic.SexFemale, Birth: clinic.Date{Year: 1990, Month: 5, Day: 1}}}
	done, err := b.Register(c.Context(), c.call(b.nurse), in)
	if err != nil {
		c.Fatal(err)
	}
	c.ids = append(c.ids, done.Patient)
	c.said[done.Patient] = map[string]bool{}
}

func (c *clinics) allergy(b *clinicBox, f *clinic.PatientFile) bool {
	new := fmt.Sprint("chất ", c.rnd.IntN(1e9))
	in := desk.AllergiesInput{Patient: f.ID, Items: append(slices.Clone(f.Allergies.Items), clinic.Allergy{Substance: new}), Tips: f.Allergies.Tips}
	if len(in.Items) > 30 {
		return false
	}
	if _, err := b.SetAllergies(c.Context(), c.call(b.nurse), in); err != nil {
		return false
	}
	c.said[f.ID][new] = true
	return true
}

func (c *clinics) change(b *clinicBox, id clinic.ID) bool {
	f := c.file(b, id)
	part := f.Parts[slices.IndexFunc(f.Parts, func(p clinic.Part) bool { return p.ID == id })]
	in := desk.PatientInput{ID: id, Patient: *part.Now, Base: part.Versions[len(part.Versions)-1].Leaf}
	in.Merges, in.Address = nil, fmt.Sprint("Thôn ", c.rnd.IntN(1e9))
	_, err := b.ChangePatient(c.Context(), c.call(b.nurse), in)
	return err == nil
}

func (c *clinics) visit(b *clinicBox, f *clinic.PatientFile) bool {
	done, err := b.OpenVisit(c.Context(), c.call(b.nurse), desk.VisitInput{Patient: f.ID, Reason: "khám", Another: true})
	if err != nil {
		return false
	}
	on := desk.On{Patient: f.ID, Visit: done.Visit}
	_, err = b.Exam(c.Context(), c.call(b.doc), desk.ExamInput{On: on, Exam: clinic.Exam{Reason: fmt.Sprint(c.rnd.IntN(1e9))}})
	return err == nil
}

func (c *clinics) amend(b *clinicBox, f *clinic.PatientFile) bool {
	for i := range f.Visits {
		v := &f.Visits[i]
		if d := v.Doc(clinic.KindExam); d != nil && v.Visit != nil {
			on := desk.On{Patient: v.Patient, Visit: v.ID, Base: d.Leaf()}
			_, err := b.Exam(c.Context(), c.call(b.doc), desk.ExamInput{On: on, Exam: clinic.Exam{Reason: fmt.Sprint(c.rnd.IntN(1e9))}})
			return err == nil
		}
	}
	return false
}

func (c *clinics) answer(b *clinicBox, id, other clinic.ID) bool {
	v, err := b.Compare(c.Context(), b.nurse, id, other)
	if err != nil || id == other {
		return false
	}
	in := desk.LinkInput{Patient: v.Of[0], Other: v.Of[1], Same: c.rnd.IntN(2) == 0, Why: "x", Tips: v.Tips}
	_, err = b.Link(c.Context(), c.call(b.nurse), in)
	return err == nil
}

func (c *clinics) settle(b *clinicBox, f *clinic.PatientFile) bool {
	for _, x := range f.Conflicts() {
		in := desk.SettleInput{Patient: x.ID}
		switch x.About {
		case clinic.ConflictDetails:
			i := slices.IndexFunc(f.Parts, func(p clinic.Part) bool { return p.ID == x.ID })
			in.Tips = f.Parts[i].Tips
			in.Keep = in.Tips[c.rnd.IntN(len(in.Tips))]
			_, err := b.SettleDetails(c.Context(), c.call(b.nurse), in)
			return err == nil
		case clinic.ConflictDocument:
			in.Patient, in.Visit = x.Doc.Current().Record.Subject, x.Visit
			for _, v := range x.Doc.Apart() {
				in.Tips = append(in.Tips, v.Record.Leaf)
			}
			in.Keep = in.Tips[c.rnd.IntN(len(in.Tips))]
			_, err := b.SettleDocument(c.Context(), c.call(b.doc), in)
			return err == nil
		}
	}
	return false
}

// view is all that a page could show of a patient, without where it stands on the box.
func (c *clinics) view(b *clinicBox, id clinic.ID) []byte {
	c.Helper()
	f := c.file(b, id)
	type doc struct {
		Current  clinic.Leaf
		Versions []clinic.Leaf
		Conflict bool
		Choices  int
	}
	out := struct {
		Who       []clinic.ID
		Now       *clinic.Patient
		Tips      [][]clinic.Leaf
		Allergies clinic.AllergyFile
		Docs      []doc
		Against   int
		Conflicts []clinic.ConflictAbout
	}{Who: f.Who.IDs, Now: f.Now, Allergies: f.Allergies.Shown(), Against: len(f.Who.Against())}
	for _, p := range f.Parts {
		out.Tips = append(out.Tips, p.Tips)
		checkCurrent(c.T, b.store, p.ID)
	}
	for _, v := range f.Visits {
		for i := range v.Documents {
			d := &v.Documents[i]
			x := doc{Current: d.Leaf(), Conflict: d.Conflict, Choices: len(d.Choices)}
			for _, ver := range d.Versions {
				x.Versions = append(x.Versions, ver.Record.Leaf)
			}
			out.Docs = append(out.Docs, x)
		}
	}
	for _, x := range f.Conflicts() {
		out.Conflicts = append(out.Conflicts, x.About)
	}
	raw, err := json.Marshal(out)
	if err != nil {
		c.Fatal(err)
	}
	return raw
}

// leaves hashes the set of entries that a box has of a patient.
func (c *clinics) leaves(b *clinicBox, id clinic.ID) (sum [32]byte, n int) {
	c.Helper()
	var all [][]byte
	err := b.store.View(c.Context(), func(r desk.Reader) error {
		records, err := r.Records(id)
		for _, x := range records {
			all = append(all, bytes.Clone(x.Leaf[:]))
		}
		return err
	})
	if err != nil {
		c.Fatal(err)
	}
	slices.SortFunc(all, bytes.Compare)
	all = slices.CompactFunc(all, bytes.Equal)
	return sha256.Sum256(bytes.Join(all, nil)), len(all)
}

// agree checks that all boxes show the same of everybody, that nothing is missing, and
// that no allergy that anybody heard of of a person is unknown anywhere.
func (c *clinics) agree() (conflicts int) {
	c.Helper()
	for _, id := range c.ids {
		want := c.view(c.boxes[0], id)
		sum, n := c.leaves(c.boxes[0], id)
		for i, b := range c.boxes {
			if got := c.view(b, id); !bytes.Equal(got, want) {
				c.Fatalf("box %d shows another %v:\n%s\nthan box 0:\n%s", i, id, got, want)
			}
			if s, m := c.leaves(b, id); s != sum || m != n {
				c.Fatalf("box %d has %d entries of %v, box 0 has %d", i, m, id, n)
			}
		}
		f := c.file(c.boxes[0], id)
		conflicts += len(f.Conflicts())
		for _, x := range f.Who.IDs {
			for s := range c.said[x] {
				if !slices.ContainsFunc(f.Allergies.Items, func(a clinic.Allergy) bool { return a.Substance == s }) {
					c.Fatalf("the allergy %s of %v is lost", s, x)
				}
			}
		}
		page, err := c.boxes[0].Conflicts(c.Context(), c.boxes[0].nurse, clinic.ID{})
		if err != nil {
			c.Fatal(err)
		}
		if listed := slices.ContainsFunc(page.Rows, func(r desk.ConflictRow) bool { return f.Who.Has(r.Hit.ID) }); listed != (len(f.Conflicts()) > 0) {
			c.Fatalf("%v has %d conflicts; listed: %v", id, len(f.Conflicts()), listed)
		}
	}
	return conflicts
}

// TestBoxesConverge: whatever two to five boxes with wrong clocks write of the same people,
// and in whatever parts and order it reaches the others, in the end all show the same,
// nothing is lost, and every allergy that was heard of is known.
func TestBoxesConverge(t *testing.T) {
	runs := 8
	if testing.Short() {
		runs = 3
	}
	did, conflicts := map[string]int{}, 0
	for seed := range runs {
		c := newClinics(t, uint64(seed), 2+seed%4)
		for range 3 {
			for range 25 {
				c.act()
				if c.rnd.IntN(3) == 0 {
					c.carry(c.boxes[c.rnd.IntN(len(c.boxes))], c.boxes[c.rnd.IntN(len(c.boxes))], false)
				}
			}
			for _, i := range c.rnd.Perm(len(c.boxes)) {
				for _, j := range c.rnd.Perm(len(c.boxes)) {
					c.carry(c.boxes[i], c.boxes[j], true)
				}
			}
			conflicts += c.agree()
		}
		for k, n := range c.did {
			did[k] += n
		}
	}
	t.Log("done:", did, "conflicts met:", conflicts)
	for _, k := range []string{"0", "1", "2", "3", "4", "5"} {
		if did[k] < runs {
			t.Errorf("%s was done only %d times", k, did[k])
		}
	}
	if conflicts < 2*runs {
		t.Errorf("only %d conflicts were met", conflicts)
	}
}
