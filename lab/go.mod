module github.com/postern-dev/postern/lab

go 1.26

require (
	k8s.io/kubernetes v1.36.3
	go.etcd.io/etcd/server/v3 v3.6.8
)
