// Package invoke runs the kubectl command of a managed cluster's run command:
// the words of a command line, the attached files, and the child process.
//
// Azure runs what it is given in a shell, in a pod of the cluster. The lab has
// no nodes, so kubectl runs here, on the lab's own machine, for whoever may
// call the lab. Hence no shell, no command but kubectl, no plugin, no file
// outside the attached ones, no host but the cluster, and bounds on time and
// output. Who may run it, and as whom, is the caller's part.
package invoke
