package main

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"sync"

	dto "github.com/prometheus/client_model/go"
	"github.com/virtual-kubelet/virtual-kubelet/errdefs"
	"github.com/virtual-kubelet/virtual-kubelet/node/api"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	stats "k8s.io/kubelet/pkg/apis/stats/v1alpha1"
)

// What a pod's annotations say of it; all are optional, and a change holds at once.
const (
	// Network namespace of the shell.
	inNamespace = "lab/netns"
	// Put in front of PATH, for programs that the test brings along.
	pathPrefix = "lab/path-prefix"
	// status.podIP.
	podIP = "lab/pod-ip"
	// Pending, Running (where nothing is said), Succeeded or Failed.
	phase = "lab/phase"
	// "false": running, not ready.
	ready = "lab/ready"
	// The containers wait for this reason, such as ImagePullBackOff.
	waiting = "lab/waiting"
	// restartCount of the containers.
	restarts = "lab/restarts"
	// Comes back as status.message, so that a test knows when the node has heard of a change.
	change = "lab/change"
	// What an exec does: "hang" for ever, "error:TEXT" of the provider, "delay:DURATION" first, "cut:BYTES" of stdout and no more
	// while all is called well, as after a kubelet that died.
	execution = "lab/exec"
)

// provider keeps pods in memory: a node that starts again creates them anew from the API.
type provider struct {
	mu      sync.Mutex
	node    string
	address string
	pods    map[string]*v1.Pod
	notify  func(*v1.Pod)
}

func key(namespace, name string) string { return namespace + "/" + name }

func (p *provider) status(pod *v1.Pod, old *v1.PodStatus) v1.PodStatus {
	says := pod.Annotations
	now := metav1.Now()
	status := v1.PodStatus{Phase: v1.PodRunning, HostIP: p.address, PodIP: p.address, StartTime: &now, Message: says[change]}
	if old != nil && old.StartTime != nil {
		status.StartTime = old.StartTime
	}
	if says[podIP] != "" {
		status.PodIP = says[podIP]
	}
	status.PodIPs = []v1.PodIP{{IP: status.PodIP}}
	if says[phase] != "" {
		status.Phase = v1.PodPhase(says[phase])
	}
	isReady := status.Phase == v1.PodRunning && says[ready] != "false" && says[waiting] == ""
	condition := func(kind v1.PodConditionType, holds bool) v1.PodCondition {
		value := v1.ConditionFalse
		if holds {
			value = v1.ConditionTrue
		}
		return v1.PodCondition{Type: kind, Status: value, LastTransitionTime: now}
	}
	status.Conditions = []v1.PodCondition{
		condition(v1.PodScheduled, true), condition(v1.PodInitialized, true),
		condition(v1.PodReady, isReady), condition(v1.ContainersReady, isReady),
	}
	count, _ := strconv.Atoi(says[restarts])
	for _, c := range pod.Spec.Containers {
		one := v1.ContainerStatus{Name: c.Name, Image: c.Image, ImageID: c.Image, Ready: isReady, RestartCount: int32(count)}
		switch {
		case says[waiting] != "":
			one.State.Waiting = &v1.ContainerStateWaiting{Reason: says[waiting]}
		case status.Phase == v1.PodPending:
			one.State.Waiting = &v1.ContainerStateWaiting{Reason: "ContainerCreating"}
		case status.Phase == v1.PodFailed:
			one.State.Terminated = &v1.ContainerStateTerminated{ExitCode: 1, Reason: "Error", FinishedAt: now}
		case status.Phase == v1.PodSucceeded:
			one.State.Terminated = &v1.ContainerStateTerminated{Reason: "Completed", FinishedAt: now}
		default:
			one.State.Running = &v1.ContainerStateRunning{StartedAt: *status.StartTime}
		}
		status.ContainerStatuses = append(status.ContainerStatuses, one)
	}
	return status
}

func (p *provider) put(pod *v1.Pod) {
	p.mu.Lock()
	var old *v1.PodStatus
	if known := p.pods[key(pod.Namespace, pod.Name)]; known != nil {
		old = &known.Status
	}
	pod = pod.DeepCopy()
	pod.Status = p.status(pod, old)
	p.pods[key(pod.Namespace, pod.Name)] = pod
	notify := p.notify
	p.mu.Unlock()
	if notify != nil {
		notify(pod.DeepCopy())
	}
}

func (p *provider) CreatePod(_ context.Context, pod *v1.Pod) error { p.put(pod); return nil }
func (p *provider) UpdatePod(_ context.Context, pod *v1.Pod) error { p.put(pod); return nil }

func (p *provider) DeletePod(_ context.Context, pod *v1.Pod) error {
	p.mu.Lock()
	known := p.pods[key(pod.Namespace, pod.Name)]
	delete(p.pods, key(pod.Namespace, pod.Name))
	notify := p.notify
	p.mu.Unlock()
	if known == nil {
		return errdefs.NotFound("no such pod")
	}
	pod = pod.DeepCopy()
	pod.Status.Phase = v1.PodSucceeded
	ended := v1.ContainerState{Terminated: &v1.ContainerStateTerminated{Reason: "Deleted", FinishedAt: metav1.Now()}}
	for i := range pod.Status.ContainerStatuses {
		pod.Status.ContainerStatuses[i].Ready = false
		pod.Status.ContainerStatuses[i].State = ended
	}
	if notify != nil {
		notify(pod)
	}
	return nil
}

func (p *provider) GetPod(_ context.Context, namespace, name string) (*v1.Pod, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if pod := p.pods[key(namespace, name)]; pod != nil {
		return pod.DeepCopy(), nil
	}
	return nil, errdefs.NotFound("no such pod")
}

func (p *provider) GetPodStatus(ctx context.Context, namespace, name string) (*v1.PodStatus, error) {
	pod, err := p.GetPod(ctx, namespace, name)
	if err != nil {
		return nil, err
	}
	return &pod.Status, nil
}

func (p *provider) GetPods(context.Context) ([]*v1.Pod, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []*v1.Pod
	for _, pod := range p.pods {
		all = append(all, pod.DeepCopy())
	}
	return all, nil
}

func (p *provider) NotifyPods(_ context.Context, notify func(*v1.Pod)) {
	p.mu.Lock()
	p.notify = notify
	p.mu.Unlock()
}

func (p *provider) GetContainerLogs(_ context.Context, namespace, name, _ string, _ api.ContainerLogOpts) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader("log of " + namespace + "/" + name + "\n")), nil
}

func (p *provider) GetStatsSummary(context.Context) (*stats.Summary, error) {
	return &stats.Summary{Node: stats.NodeStats{NodeName: p.node}}, nil
}

func (p *provider) GetMetricsResource(context.Context) ([]*dto.MetricFamily, error) { return nil, nil }

func (p *provider) AttachToContainer(context.Context, string, string, string, api.AttachIO) error {
	return errors.New("attach: not in this lab")
}

func (p *provider) PortForward(context.Context, string, string, int32, io.ReadWriteCloser) error {
	return errors.New("port-forward: not in this lab")
}
