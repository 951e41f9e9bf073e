package printer

import (
	"context"
	"errors"
	"maps"
	"sync"
)

// Queue keeps jobs over restarts and power cuts. One goroutine at a time calls it.
type Queue interface {
	// Put stores a job, durable on return, in place of an older one of that id. After
	// an error it may be stored or not.
	Put(id string, job []byte) error
	// Each calls f with every job, in any order. The bytes are f's only during the
	// call. f's error ends it and is returned.
	Each(f func(id string, job []byte) error) error
	// Delete forgets a job, durable on return; an unknown one is no error. After an
	// error it may be gone or not.
	Delete(id string) error
}

// Printer prints a slip. Dev is one.
type Printer interface {
	PrintSlip(ctx context.Context, s Slip) (Result, error)
	String() string
}

// Asker is a Printer that says how it is without printing. Dev is one.
type Asker interface {
	// Status asks the printer. The error is a *Fault: what keeps it from printing,
	// or that it did not answer.
	Status(ctx context.Context) (Status, error)
	// Tells is false for a printer that is configured as one that never answers.
	Tells() bool
}

var (
	_ Asker   = (*Dev)(nil)
	_ Queue   = (*MemQueue)(nil)
	_ Queue   = (*FaultyQueue)(nil)
	_ Printer = (*Dev)(nil)
)

// MemQueue is a queue in memory, for tests and previews.
type MemQueue struct {
	mu   sync.Mutex
	jobs map[string][]byte
}

// Put stores a job.
func (q *MemQueue) Put(id string, job []byte) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.jobs == nil {
		q.jobs = map[string][]byte{}
	}
	q.jobs[id] = append([]byte(nil), job...)
	return nil
}

// Each calls f with every job.
func (q *MemQueue) Each(f func(id string, job []byte) error) error {
	q.mu.Lock()
	jobs := maps.Clone(q.jobs)
	q.mu.Unlock()
	for id, job := range jobs {
		if err := f(id, job); err != nil {
			return err
		}
	}
	return nil
}

// Delete forgets a job.
func (q *MemQueue) Delete(id string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.jobs, id)
	return nil
}

// Len is the number of jobs.
func (q *MemQueue) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.jobs)
}

// ErrInjected is the error of a FaultyQueue.
var ErrInjected = errors.New("injected fault")

// FaultyQueue fails on demand, for tests, in pairs: before the change is made, and
// after it.
type FaultyQueue struct {
	Queue
	mu sync.Mutex
	// NextPut and NextDelete are taken by the calls that follow, one each; FailNone
	// lets a call pass.
	nextPut, nextDelete []FailKind
	puts, deletes       int
}

// FailKind is how a call fails.
type FailKind uint8

// The ways.
const (
	FailNone    FailKind = 0
	FailUndone  FailKind = 1 // failed, not applied
	FailApplied FailKind = 2 // failed, but applied
)

// FailPuts arranges for the Puts that follow.
func (q *FaultyQueue) FailPuts(k ...FailKind) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.nextPut = append(q.nextPut, k...)
}

// FailDeletes arranges for the Deletes that follow.
func (q *FaultyQueue) FailDeletes(k ...FailKind) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.nextDelete = append(q.nextDelete, k...)
}

// Put stores a job or fails.
func (q *FaultyQueue) Put(id string, job []byte) error {
	return q.call(&q.nextPut, &q.puts, func() error { return q.Queue.Put(id, job) })
}

// Delete forgets a job or fails.
func (q *FaultyQueue) Delete(id string) error {
	return q.call(&q.nextDelete, &q.deletes, func() error { return q.Queue.Delete(id) })
}

// Calls counts the Puts and Deletes so far.
func (q *FaultyQueue) Calls() (puts, deletes int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.puts, q.deletes
}

func (q *FaultyQueue) call(next *[]FailKind, count *int, do func() error) error {
	q.mu.Lock()
	*count++
	kind := FailNone
	if len(*next) > 0 {
		kind, *next = (*next)[0], (*next)[1:]
	}
	q.mu.Unlock()
	if kind == FailUndone {
		return ErrInjected
	}
	if err := do(); err != nil {
		return err
	}
	if kind == FailApplied {
		return ErrInjected
	}
	return nil
}
