package clinic

import "time"

// Fresh makes every series of a box jump. The box was restored from a copy, or lost
// entries: numbers that were printed are known to nobody here, and none may come twice.
type Fresh struct {
	Skip  int `cbor:"1,keyasint"` // how far the series without a day jump
	Base  int `cbor:"2,keyasint"` // the series of days go on behind this number …
	Until int `cbor:"3,keyasint"` // … up to this day (Date.Int)
}

// freshFloor is more than a station issues between two copies.
const freshFloor = 1000

// NewFresh returns how far the series jump in a box whose newest known record is of
// one time and that was restored at another. Both jumps grow with the time of the
// restore, faster than people issue numbers (a number a minute on the first day and
// every fourth minute of three years from then on; five a minute of one day's), so that even a
// second restore from the same copy meets no number of the first. With a clock that
// nobody vouches for the jump is one of two months and chance, from 0 to 999.
func NewFresh(newest, restored time.Time, trusted bool, chance int) Fresh {
	if restored.Before(newest) {
		trusted = false
	}
	if !trusted {
		until := DateOf(newest.In(ICT)).AddDays(60)
		return Fresh{Skip: freshFloor + dayMinutes + 59*dayMinutes/4 + chance, Base: freshFloor + 5*chance, Until: until.Int()}
	}
	minutes := min(int(restored.Sub(newest)/time.Minute), mostYears)
	busy := min(minutes, busyYears)
	at := restored.In(ICT)
	return Fresh{
		Skip:  freshFloor + min(busy, dayMinutes) + max(busy-dayMinutes, 0)/4 + (minutes-busy)/slowly,
		Base:  freshFloor + 5*(at.Hour()*60+at.Minute()),
		Until: DateOf(at).Int(),
	}
}

const dayMinutes = 24 * 60

// busyYears, in minutes, are as many as a jump grows by every fourth of: three years,
// 400,000 numbers. From then on it grows by one of slowly minutes, 48 a day, as no station
// issues as many for so long; and from mostYears on, 700,000 numbers, no more: codes have
// six digits.
const (
	busyYears = 3 * 366 * dayMinutes
	slowly    = 30
	mostYears = 20 * 366 * dayMinutes
)

// FreshSince is since when a machine's jump counts (NewFresh) that takes the place of
// others: from the first of them on, and for each more as much longer as its own first
// day needs, of which the jump has one: a month, as it counts after three years. Machines is how many there were, 0 for none.
func FreshSince(first time.Time, machines int) time.Time {
	return first.Add(-time.Duration(max(machines-1, 0)) * slowly * dayMinutes * time.Minute)
}

// FreshAfter is how far the series jump when so many own entries can no longer be read or
// are gone: each may have used up one number of each series, and views that are built
// anew know of none of them. Highest is the highest number of a series of today that is
// still known.
func FreshAfter(entries uint64, highest int, today Date) Fresh {
	return Fresh{
		Skip:  int(min(entries, mostLost)),
		Base:  highest + int(min(entries, freshFloor)),
		Until: today.Int(),
	}
}

// mostLost is more numbers than a segment of a journal issues in a series.
const mostLost = 50_000
