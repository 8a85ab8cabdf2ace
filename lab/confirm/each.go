package confirm

import (
	"errors"
	"sync"
)

// each does n things, so many at a time, and returns what went wrong.
func each(workers, n int, do func(int) error) error {
	next := make(chan int)
	var wait sync.WaitGroup
	var mu sync.Mutex
	var faults []error
	for range workers {
		wait.Go(func() {
			for i := range next {
				if err := do(i); err != nil {
					mu.Lock()
					faults = append(faults, err)
					mu.Unlock()
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wait.Wait()
	return errors.Join(faults...)
}
