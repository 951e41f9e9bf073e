package db

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
)

// putNote keeps that an entry tells something of a patient that a summary may need, and
// the question that it is, if it is one.
func putNote(ctx context.Context, tx *sql.Tx, f *hub.Found, r *hub.Indexed) error {
	if r.Note {
		for _, id := range r.Patients {
			if _, err := tx.ExecContext(ctx, `INSERT INTO index_notes (patient, stream, idx) VALUES (?,?,?) ON CONFLICT DO NOTHING`,
				id[:], f.Stream, int63(f.Index)); err != nil {
				return err
			}
		}
	}
	if r.Asked == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO questions (leaf, patient, box, stream, idx, consent, at) VALUES (?,?,?,?,?,?,?) ON CONFLICT DO NOTHING`,
		f.Leaf[:], r.Patients[0][:], f.Box, f.Stream, int63(f.Index), int(r.Asked), millis(r.At))
	return err
}

// Notes returns the entries about a patient that a summary may need.
func (d *DB) Notes(ctx context.Context, id clinic.ID) ([]hub.Found, error) {
	return list(ctx, d.r, scanFound, foundColumns+`
		FROM index_notes x JOIN entries e ON e.stream=x.stream AND e.idx=x.idx JOIN streams s ON s.id=x.stream
		WHERE x.patient=? ORDER BY x.stream, x.idx`, id[:])
}

// Asking reports whether a pair of the patient with another waits on the merge desk.
func (d *DB) Asking(ctx context.Context, id clinic.ID) (is bool, err error) {
	err = d.r.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM index_asks WHERE a=?1) OR EXISTS (SELECT 1 FROM index_asks WHERE b=?1)`, id[:]).Scan(&is)
	return is, wrap("asking", err)
}

const questionColumns = `SELECT leaf, patient, box, consent, at, due, state, sent, answered FROM questions`

// DueQuestions returns up to n questions that are to be looked at, oldest first; not
// those about patients whom the index has not judged yet.
func (d *DB) DueQuestions(ctx context.Context, n int) ([]hub.Question, error) {
	return list(ctx, d.r, scanQuestion, questionColumns+`
		WHERE due>0 AND NOT EXISTS (SELECT 1 FROM index_judge j WHERE j.patient=questions.patient) ORDER BY at LIMIT ?`, n)
}

// Questions returns the latest questions, of a box or of all, the latest first.
func (d *DB) Questions(ctx context.Context, box string, n int) ([]hub.Question, error) {
	if box == "" {
		return list(ctx, d.r, scanQuestion, questionColumns+` ORDER BY at DESC, leaf LIMIT ?`, n)
	}
	return list(ctx, d.r, scanQuestion, questionColumns+` WHERE box=? ORDER BY at DESC, leaf LIMIT ?`, box, n)
}

// Asked counts the questions of a box since a time.
func (d *DB) Asked(ctx context.Context, box string, since time.Time) (n int, err error) {
	err = d.r.QueryRowContext(ctx, `SELECT count(*) FROM questions WHERE box=? AND at>=?`, box, millis(since)).Scan(&n)
	return n, wrap("asked", err)
}

// Question returns the entry of a question; false when it is gone.
func (d *DB) Question(ctx context.Context, leaf clinic.Leaf) (f hub.Found, ok bool, err error) {
	all, err := list(ctx, d.r, scanFound, foundColumns+`
		FROM questions q JOIN entries e ON e.stream=q.stream AND e.idx=q.idx JOIN streams s ON s.id=q.stream
		WHERE q.leaf=? AND e.bytes IS NOT NULL`, leaf[:])
	if err != nil || len(all) == 0 {
		return hub.Found{}, false, err
	}
	return all[0], true, nil
}

func scanQuestion(r row) (q hub.Question, err error) {
	var (
		leaf, patient   []byte
		consent, state  int
		asked, answered int64
	)
	if err := r.Scan(&leaf, &patient, &q.Box, &consent, &asked, &q.Due, &state, &q.Sent, &answered); err != nil {
		return q, err
	}
	if len(leaf) != len(q.Leaf) || len(patient) != len(q.Patient) {
		return q, ErrDamaged
	}
	q.Leaf, q.Patient = clinic.Leaf(leaf), clinic.ID(patient)
	q.Consent, q.State = clinic.Consent(consent), clinic.SummaryOutcome(state)
	q.At, q.Answered = fromMillis(asked), fromMillis(answered)
	return q, nil
}

// AnswerQuestion notes that a question was looked at, and queues the answer for the boxes
// that get it, in one transaction. A question that has a new reason since stays due.
func (d *DB) AnswerQuestion(ctx context.Context, a hub.Answer) error {
	return wrap("answer", inTx(ctx, d.w, func(tx *sql.Tx) error {
		if a.Down == nil {
			_, err := tx.ExecContext(ctx, `UPDATE questions SET due=0 WHERE leaf=? AND due=?`, a.Leaf[:], a.Due)
			return err
		}
		r, err := tx.ExecContext(ctx, `UPDATE questions SET due=CASE WHEN due=?2 THEN 0 ELSE due END, state=?3, sent=?4, answered=?5 WHERE leaf=?1 AND sent<>?4`,
			a.Leaf[:], a.Due, int(a.State), a.Sent, millis(a.Answered))
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return err // answered already
		}
		for _, box := range a.Boxes {
			if _, err := queue(ctx, tx, box, []hub.Down{*a.Down}); err != nil {
				return fmt.Errorf("box %s: %w", box, err)
			}
		}
		return nil
	}))
}

// Reask has the questions about patients looked at again: what is said of them changed.
func (d *DB) Reask(ctx context.Context, ids []clinic.ID) error {
	for _, id := range ids {
		var any bool
		if err := d.r.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM questions WHERE patient=?)`, id[:]).Scan(&any); err != nil {
			return wrap("ask again", err)
		}
		if !any {
			continue
		}
		if _, err := d.w.ExecContext(ctx, `UPDATE questions SET due=due+1 WHERE patient=?`, id[:]); err != nil {
			return wrap("ask again", err)
		}
	}
	return nil
}
