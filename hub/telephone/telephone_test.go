package telephone_test

import (
	"crypto/rand"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/hub/db"
	"clinicbox/hub/db/dbtest"
	"clinicbox/hub/hubtest"
	"clinicbox/hub/telephone"
	"clinicbox/internal/entry"
	"clinicbox/internal/escrow"
	"clinicbox/internal/spoken"
)

const facility = "22736"

type world struct {
	t      *testing.T
	db     *db.DB
	centre *hubtest.Centre
	now    time.Time
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, now: dbtest.At(0)}
	var err error
	if w.db, err = db.Open(t.Context(), filepath.Join(t.TempDir(), "hub.db")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.db.Close() })
	w.centre = hubtest.NewCentre(t.Context(), w.db.Authority(), func() time.Time { return w.now })
	return w
}

// leave stores what a machine named box leaves, in a stream of its own.
func (w *world) leave(box, inBlob string, epoch byte) *escrow.Ticket {
	w.t.Helper()
	w.now = w.now.Add(time.Minute)
	tk := &escrow.Ticket{Box: inBlob, Round: 4, Challenge: escrow.NewChallenge(4)}
	rand.Read(tk.Secret[:])
	blob, err := escrow.Seal(escrow.Centre{HPKE: w.centre.Keys.Public().HPKE, Box: inBlob}, tk)
	if err != nil {
		w.t.Fatal(err)
	}
	b, err := entry.Encode(clinic.Draft{
		Kind: clinic.KindEscrow, Subject: clinic.MachineSubject(), Event: dbtest.At(1), Body: &clinic.Escrow{Slot: 4, Blob: blob},
	}, clinic.NewID(), clinic.ID{}, 1<<40, true)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.db.AddBox(w.t.Context(), box, hub.Keys{HPKE: []byte{1}}, w.now); err != nil {
		w.t.Fatal(err)
	}
	batch := (&dbtest.Maker{Box: box, Epoch: hub.Epoch{epoch}}).Of(b)
	batch.Entries[0].Kind, batch.At = clinic.KindEscrow, w.now
	if err := w.db.Append(w.t.Context(), batch); err != nil {
		w.t.Fatal(err)
	}
	w.now = w.now.Add(time.Minute)
	return tk
}

func (w *world) answer(box string, tk *escrow.Ticket) (string, error) {
	tel := &telephone.Telephone{DB: w.db, Authority: w.centre.Authority, HPKE: w.centre.Keys.HPKE}
	return tel.Answer(w.t.Context(), w.centre.By, box, tk.Challenge.Reveal())
}

func TestAnswer(t *testing.T) {
	w := newWorld(t)
	w.centre.Join(t.Context(), hubtest.Invitation(facility, "tram-01"))
	w.centre.Join(t.Context(), hubtest.Invitation(facility, "tram-02"))
	tk := w.leave("tram-01", "tram-01", 1)
	foreign := w.leave("tram-02", "tram-01", 2) // brought by another box's stream
	before, _ := w.centre.Head(t.Context())
	if got, err := w.answer("tram-01", tk); err != nil || got != tk.Answer().Reveal() {
		t.Fatal(err)
	}
	if after, _ := w.centre.Head(t.Context()); after.Seq != before.Seq+1 {
		t.Error("not in the history")
	}
	for name, c := range map[string]struct {
		box string
		tk  *escrow.Ticket
	}{
		"another box": {"tram-02", tk}, "an unknown box": {"x", tk}, "another box's stream": {"tram-02", foreign},
		"that box's name": {"tram-01", foreign}, "a challenge of nobody": {"tram-01", &escrow.Ticket{Challenge: escrow.NewChallenge(4)}},
	} {
		if got, err := w.answer(c.box, c.tk); !errors.Is(err, hub.ErrNoAnswer) || got != "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	tel := &telephone.Telephone{DB: w.db, Authority: w.centre.Authority, HPKE: w.centre.Keys.HPKE}
	if _, err := tel.Answer(t.Context(), w.centre.By, "tram-01", "234"); !errors.Is(err, spoken.ErrCode) {
		t.Error(err)
	}
}

// TestThiefIsNotAnswered: also not when a new machine has the name.
func TestThiefIsNotAnswered(t *testing.T) {
	w := newWorld(t)
	w.centre.Join(t.Context(), hubtest.Invitation(facility, "tram-01"))
	stolen := w.leave("tram-01", "tram-01", 1)
	if _, err := w.centre.Stolen(t.Context(), w.centre.By, "tram-01", 1); err != nil {
		t.Fatal(err)
	}
	if _, err := w.answer("tram-01", stolen); !errors.Is(err, hub.ErrStolen) {
		t.Error(err)
	}
	w.centre.Join(t.Context(), hubtest.Invitation(facility, "tram-01"))
	if _, err := w.answer("tram-01", stolen); !errors.Is(err, hub.ErrStolen) {
		t.Error("the name's successor lets the thief in", err)
	}
	good := w.leave("tram-01", "tram-01", 2)
	if _, err := w.answer("tram-01", good); err != nil {
		t.Error(err)
	}
	// A machine that broke was replaced: its copy is opened on a spare board.
	inv := hubtest.Invitation(facility, "tram-01")
	inv.Replaces = "tram-01"
	w.centre.Join(t.Context(), inv)
	if _, err := w.answer("tram-01", good); err != nil {
		t.Error("the copy of a replaced machine does not open", err)
	}
}
