package workers

import (
	"context"
	"fmt"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

// OpenRedis connects to url ("redis://", "rediss://", "redis-socket://" or
// "redis-sentinel://"), or, where url is empty, starts a Redis inside this
// process. The second result closes what was opened.
func OpenRedis(url string) (redis.UniversalClient, func(), error) {
	if url == "" {
		return embeddedRedis()
	}
	opt, err := asynq.ParseRedisURI(url)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the Redis address: %w", err)
	}
	client, ok := opt.MakeRedisClient().(redis.UniversalClient)
	if !ok {
		return nil, nil, fmt.Errorf("the Redis address is of an unknown kind")
	}
	return client, func() { _ = client.Close() }, nil
}

func embeddedRedis() (redis.UniversalClient, func(), error) {
	server := miniredis.NewMiniRedis()
	if err := server.Start(); err != nil {
		return nil, nil, fmt.Errorf("starting the embedded queue: %w", err)
	}
	// A port on the loopback is open to every account of the machine; the password
	// keeps it ours.
	password := random()
	server.RequireAuth(password)
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), Password: password})

	// Time stands still in miniredis unless it is told otherwise.
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		const beat = time.Second
		tick := time.NewTicker(beat)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				server.FastForward(beat)
			case <-ctx.Done():
				return
			}
		}
	}()
	return client, func() {
		stop()
		_ = client.Close()
		server.Close()
	}, nil
}
