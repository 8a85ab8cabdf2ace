// Package world makes RBAC worlds and questions about them from a seed, and
// answers the questions a second time without rbac's evaluator.
//
// A world leans towards what tools get wrong: odd forms of rules, subjects that
// look alike, aggregation in chains, references to nothing. Its questions are
// grants of the world, as they are or changed in one place, so that neither
// verdict is rare; each belongs to a Family of such mistakes. The same seed gives
// the same world everywhere. Naive is an evaluator that enumerates instead of
// indexing; the one above both is a real kube-apiserver, which lab/confirm asks.
// Nothing here runs anything.
//
//	w := world.Generate(seed)
//	for _, q := range w.Questions(100) { naive.Ask(q.Who, q.Request) … }
package world
