package printer

import (
	"encoding/json"
	"errors"
	"slices"
	"time"

	"clinicbox/clinic/paper"
)

// ErrJob means that the bytes of a queue are no job of this program. It never
// repeats them: they hold a patient's data.
var ErrJob = errors.New("not a print job")

const (
	jobVersion = 1
	maxJob     = 256 << 10
)

// job is one slip in the queue, as it is stored. JSON names are frozen.
type job struct {
	Version int       `json:"v"`
	Seq     uint64    `json:"n"` // order in the queue
	At      time.Time `json:"at"`
	Copy    bool      `json:"copy,omitempty"` // asked for as a copy: marked from the start
	Started bool      `json:"started,omitempty"`
	Tries   int       `json:"tries,omitempty"` // that may have left dots, since a person last asked
	Done    bool      `json:"done,omitempty"`  // is out; kept without Doc, so that a late second Submit prints nothing
	Doc     paper.Doc `json:"doc,omitzero"`

	id      string
	printed bool // confirmed, but the queue does not know it yet
	bad     bool // cannot be read or drawn; waits for a person, lets others pass
}

// marked tells that the slip must carry the mark: dots of an earlier try may be
// on paper.
func (j *job) marked() bool { return j.Copy || j.Started }

func (j *job) encode() ([]byte, error) {
	b, err := json.Marshal(j)
	if err != nil {
		return nil, ErrJob
	}
	return b, nil
}

// decodeJob reads a stored job. The library's error is dropped: it quotes.
func decodeJob(id string, b []byte) (*job, error) {
	j := &job{id: id}
	if len(b) > maxJob || json.Unmarshal(b, j) != nil || j.Version != jobVersion || j.Seq == 0 {
		return nil, ErrJob
	}
	return j, nil
}

// sheet is what goes to the renderer: the document with the mark, on every slip
// of it.
func (j *job) sheet() paper.Doc {
	if !j.marked() {
		return j.Doc
	}
	doc := j.Doc.Reprinted()
	mark := doc.Blocks[0]
	if mark.Text != paper.ReprintMark { // the mark stands further down; ours goes first all the same
		mark = paper.Text(paper.ReprintMark).Sized(paper.Large).Strong().At(paper.Center)
	}
	blocks := slices.Clone(doc.Blocks)
	for i := len(blocks) - 2; i >= 0; i-- {
		if blocks[i].Kind == paper.KindCut {
			blocks = slices.Insert(blocks, i+1, mark)
		}
	}
	doc.Blocks = blocks
	return doc
}
