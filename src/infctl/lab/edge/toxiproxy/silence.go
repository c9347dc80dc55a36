package main

import (
	"encoding/json"
	"sync/atomic"
	"time"

	"github.com/Shopify/toxiproxy/v2/toxics"
)

// silence drops what flows on connections that were open when it came, and lets later ones pass:
// the peer of a watch is gone and nobody told the watcher.
type silence struct {
	// In milliseconds since the epoch. One that comes later, to a proxy that started again, is idle.
	Until int64 `json:"until"`
	// Whether all connections that were open have it.
	spread atomic.Bool
}

// verdict is a connection's: toxics are interrupted and run anew when others come or go.
type verdict struct {
	silent bool
}

// MarshalJSON is called for the answer to who made the toxic, once it was given to each connection.
func (s *silence) MarshalJSON() ([]byte, error) {
	s.spread.Store(true)
	return json.Marshal(map[string]int64{"until": s.Until})
}

func (s *silence) NewState() interface{} {
	return &verdict{!s.spread.Load() && time.Now().UnixMilli() <= s.Until}
}

func (s *silence) Pipe(stub *toxics.ToxicStub) {
	if stub.State.(*verdict).silent {
		new(toxics.TimeoutToxic).Pipe(stub)
	} else {
		new(toxics.NoopToxic).Pipe(stub)
	}
}

// Cleanup ends what was silent: bytes are missing in it.
func (s *silence) Cleanup(stub *toxics.ToxicStub) {
	if stub.State.(*verdict).silent {
		stub.Close()
	}
}

func init() {
	toxics.Register("silence", new(silence))
}
