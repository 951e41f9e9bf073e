package web

import (
	"net/url"
	"sync"
	"time"
)

const (
	draftsPerOwner = 32
	draftOwners    = 256
	draftLife      = 12 * time.Hour
)

// drafts keeps what was typed and not saved: when a session locked or ended
// before the button was pressed, and (with JavaScript) while somebody types. It
// belongs to the person, or before login to the browser. Memory only: it holds
// patient data.
type drafts struct {
	mu     sync.Mutex
	owners map[string]map[string]draft // owner → path → draft
}

type draft struct {
	values url.Values
	at     time.Time
}

func newDrafts() *drafts { return &drafts{owners: map[string]map[string]draft{}} }

// keep stores the typed values of a page; empty values forget it.
func (d *drafts) keep(owner, path string, v url.Values) {
	d.mu.Lock()
	defer d.mu.Unlock()
	m := d.owners[owner]
	if m == nil {
		if len(d.owners) >= draftOwners {
			d.drop(time.Now().Add(-draftLife))
		}
		if len(d.owners) >= draftOwners {
			return // somebody floods; what is kept of others stays
		}
		m = map[string]draft{}
		d.owners[owner] = m
	}
	if _, ok := m[path]; !ok && len(m) >= draftsPerOwner {
		delete(m, oldest(m))
	}
	m[path] = draft{v, time.Now()}
}

func oldest(m map[string]draft) (path string) {
	for p, x := range m {
		if path == "" || x.at.Before(m[path].at) {
			path = p
		}
	}
	return path
}

// drop forgets what is older than t.
func (d *drafts) drop(t time.Time) {
	for owner, m := range d.owners {
		for p, x := range m {
			if x.at.Before(t) {
				delete(m, p)
			}
		}
		if len(m) == 0 {
			delete(d.owners, owner)
		}
	}
}

// get returns what is kept of a page.
func (d *drafts) get(owner, path string) (url.Values, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	x, ok := d.owners[owner][path]
	if !ok || time.Since(x.at) > draftLife {
		return nil, false
	}
	copied := url.Values{}
	for k, v := range x.values {
		copied[k] = append([]string(nil), v...)
	}
	return copied, true
}

// forget drops a page's draft: it was saved, or thrown away by its owner.
func (d *drafts) forget(owner, path string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.owners[owner], path)
	if len(d.owners[owner]) == 0 {
		delete(d.owners, owner)
	}
}

// adopt gives a browser's drafts to the person who logged in there.
func (d *drafts) adopt(from, to string) {
	d.mu.Lock()
	m := d.owners[from]
	delete(d.owners, from)
	d.mu.Unlock()
	for p, x := range m {
		d.keep(to, p, x.values)
	}
}
