package authority

import (
	"context"
	"encoding/json"
	"fmt"
)

// Table names a set of rows.
type Table string

// The tables.
const (
	tableMeta    Table = "meta"
	tableTickets Table = "tickets" // by code ID
	tableBoxes   Table = "boxes"   // by serial
	tableNames   Table = "names"   // box name → serial in service
	tableKeys    Table = "keys"    // key ID → serial
	tablePeople  Table = "people"  // facility/serial
	tableSerials Table = "serials" // serial → facility
	tableAsked   Table = "asked"   // digest of a person's request → serial
	tableRatify  Table = "ratify"  // serial of a provisional certificate
	tableLists   Table = "lists"   // revocations by facility
	tableOrders  Table = "orders"  // commands, serial/sequence
	tableHistory Table = "history" // by sequence
)

// Tables lists all of them, for a database that makes one of each.
func Tables() []Table {
	return []Table{
		tableMeta, tableTickets, tableBoxes, tableNames, tableKeys, tablePeople, tableSerials,
		tableAsked, tableRatify, tableLists, tableOrders, tableHistory,
	}
}

// Store keeps the registry. authoritytest.Run is its contract.
type Store interface {
	// View runs do on one consistent state. Put fails in it.
	View(ctx context.Context, do func(Tx) error) error
	// Update runs do in a transaction: one after another, never two at once. All
	// that do put is durable when Update returns nil; nothing is kept when do
	// fails, with do's error wrapped. After any other error the caller does not
	// know, and asks again. do may run more than once.
	Update(ctx context.Context, do func(Tx) error) error
}

// Tx is one transaction. Nothing is ever deleted: rows say that they ended.
type Tx interface {
	// Get returns a copy of a row, or ErrMissing.
	Get(t Table, key string) ([]byte, error)
	// Put writes a row, which later Gets of the transaction see.
	Put(t Table, key string, value []byte) error
	// List calls do for each row whose key has the prefix, in order of keys.
	List(t Table, prefix string, do func(key string, value []byte) error) error
}

// record is a statement with what it says, for reading rows by eye.
type record[T any] struct {
	V   T      `json:"says"`
	Raw []byte `json:"raw"`
}

func get(tx Tx, t Table, key string, v any) error {
	b, err := tx.Get(t, key)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("authority: row of %s is damaged: %w", t, err)
	}
	return nil
}

func put(tx Tx, t Table, key string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("authority: row of %s: %w", t, err)
	}
	return tx.Put(t, key, b)
}

// list collects rows.
func list[T any](tx Tx, t Table, prefix string) (out []T, err error) {
	err = tx.List(t, prefix, func(_ string, b []byte) error {
		var v T
		if err := json.Unmarshal(b, &v); err != nil {
			return fmt.Errorf("authority: row of %s is damaged: %w", t, err)
		}
		out = append(out, v)
		return nil
	})
	return out, err
}
