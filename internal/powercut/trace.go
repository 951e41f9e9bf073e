package powercut

import (
	"encoding/gob"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Op is what an event does.
type Op uint8

// The operations. Names are relative to the folder.
const (
	OpSay     Op = iota + 1 // Data: what the process told the world (its standard output)
	OpCreate                // Name becomes a new, empty File
	OpMkdir                 // Name becomes a folder
	OpLink                  // Name becomes another name of File
	OpRename                // Name becomes To, which it replaces
	OpRemove                // Name is gone
	OpWrite                 // Data at Off of File
	OpGrow                  // File is at least Off bytes long
	OpResize                // File is Off bytes long
	OpSync                  // File is durable
	OpSyncDir               // the names in folder Name are durable
)

func (o Op) String() string {
	return [...]string{"?", "say", "create", "mkdir", "link", "rename", "remove", "write", "grow", "resize", "sync", "syncdir"}[o]
}

// Event is one system call. Begin and End are moments: numbers that count all
// beginnings and ends. End is 0 while a call that the recording saw begin has not
// ended; a call that failed is no event.
type Event struct {
	Op         Op
	File       int
	Name, To   string
	Off        int64
	Data       []byte
	Begin, End int
}

func (e Event) String() string {
	return fmt.Sprintf("%d-%d %v file %d %q %q off %d, %d bytes", e.Begin, e.End, e.Op, e.File, e.Name, e.To, e.Off, len(e.Data))
}

// Trace is what a process did below a folder, in the order of the beginnings.
type Trace struct {
	Start  []Event // makes what was there before; all of it is safe
	Events []Event
	Moment int // the last one
}

// Said returns what the process had told the world, in whole lines, by a moment.
func (t *Trace) Said(at int) (text string) {
	for _, e := range t.Events {
		if e.Op == OpSay && e.Begin <= at {
			text += string(e.Data)
		}
	}
	return text
}

// Save writes a trace to a file, for a failure that somebody looks into later.
func (t *Trace) Save(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(gob.NewEncoder(f).Encode(t), f.Close())
}

// Load reads what Save wrote.
func Load(path string) (*Trace, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	t := new(Trace)
	return t, gob.NewDecoder(f).Decode(t)
}

// existing makes the events that lead to what is below a folder now. ids tells the
// number of each file by its inode.
func existing(root string) (events []Event, ids map[uint64]int, err error) {
	ids = map[uint64]int{}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		name, err := filepath.Rel(root, path)
		switch {
		case err != nil:
			return err
		case d.IsDir():
			events = append(events, Event{Op: OpMkdir, Name: name})
			return nil
		case !d.Type().IsRegular():
			return fmt.Errorf("powercut: %s is neither file nor folder", name)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		n, err := inode(path)
		if err != nil {
			return err
		}
		if _, there := ids[n]; !there {
			ids[n] = len(ids) + 1
			events = append(events, Event{Op: OpCreate, Name: name, File: ids[n]}, Event{Op: OpWrite, File: ids[n], Data: data})
			return nil
		}
		events = append(events, Event{Op: OpLink, Name: name, File: ids[n]})
		return nil
	})
	return events, ids, err
}
