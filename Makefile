# Clinicbox. Two commands are enough: make run, make test.

GO      ?= go
LDFLAGS := -s -w -buildid=
BUILD   := CGO_ENABLED=0 $(GO) build -trimpath -ldflags "$(LDFLAGS)"
BOARDS  := amd64 arm64 arm

# Packages with goroutines that share memory: the race detector pays here. The
# others would only make the tests slow.
# SQLite is C that became Go, argon2 is arithmetic: to watch their memory makes the
# tests that carry them three times slower and finds nothing of ours. Neither has an
# instance of a generic function: that one would take the place of the watched one.
RACEFLAGS := -race -gcflags='modernc.org/sqlite/lib=-race=false -d=checkptr=0' -gcflags='golang.org/x/crypto/argon2=-race=false'
RACE := ./device/... ./sync/... ./store/... ./peripherals/... ./web/... ./hub/... ./internal/redact ./internal/testlog ./cmd/internal/boxmain

.PHONY: run test build boards race bench soak check deps clean image

run: build ## the demonstration: centre, box and simulated devices on loopback
	bin/clinicdemo $(ARGS)

test: ## everything CI asks for
	@scripts/peers
	$(GO) vet ./...
	CGO_ENABLED=0 $(GO) test -shuffle=on -timeout 20m ./...
	@$(MAKE) --no-print-directory race
	@$(MAKE) --no-print-directory boards
	@scripts/clean-tree

race: # needs a C compiler, which the programs themselves never do
	@if command -v $${CC:-gcc} >/dev/null 2>&1; then \
		echo "$(GO) test -race -short $(RACE)"; \
		CGO_ENABLED=1 $(GO) test $(RACEFLAGS) -short -shuffle=on -timeout 20m $(RACE); \
	else echo "race detector: skipped, no C compiler"; fi

build: ## static programs into bin/; GOARCH=arm64 make build for a board
	@mkdir -p bin
	$(BUILD) -o bin/ ./cmd/...

boards: # every program builds for every board
	@for a in $(BOARDS); do echo "build linux/$$a"; GOOS=linux GOARCH=$$a $(BUILD) -o /dev/null ./cmd/... || exit 1; done

bench: ## one tab-separated line a figure: name, value, unit, baseline, ratio (10 minutes)
	@CLINICBOX_SOAK=1 CGO_ENABLED=0 $(GO) run ./scripts/bench

soak: ## tests that take long: CLINICBOX_SOAK=1
	CLINICBOX_SOAK=1 CGO_ENABLED=0 $(GO) test -timeout 2h -run 'Soak|Kill|Power|Month|Matrix|Realign' ./...

check: ## formatting, vet, staticcheck, modernisations, the tests of the tree
	@bad=$$($(GO) tool gofumpt -l .); if [ -n "$$bad" ]; then echo "not gofumpt'ed:"; echo "$$bad"; exit 1; fi
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	@fix=$$($(GO) fix -diff ./... 2>&1); if [ -n "$$fix" ]; then echo "$$fix"; echo "go fix would change this"; exit 1; fi
	$(GO) test -count=1 ./internal/tree

deps: ## write docs/deps and the configuration tables again
	$(GO) test -count=1 -run TestDependencyLists ./internal/tree -update
	$(GO) test -count=1 -run Tables ./cmd/internal/boxmain -update

clean: ## programs and the demonstration's data
	rm -rf bin .data .cache

image:
	@echo "The bootable SD-card image comes with a later issue; nothing is built yet." >&2; exit 1
