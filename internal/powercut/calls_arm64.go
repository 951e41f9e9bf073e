package powercut

import "golang.org/x/sys/unix"

const renameat = unix.SYS_RENAMEAT

func legacy(*call) (*call, bool) { return nil, false }
