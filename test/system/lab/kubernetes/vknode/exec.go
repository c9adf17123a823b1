package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/virtual-kubelet/virtual-kubelet/node/api"
	v1 "k8s.io/api/core/v1"
	utilexec "k8s.io/utils/exec"
)

// RunInContainer runs a command as the pod's annotations want it. When the client goes away, the command's group is killed.
func (p *provider) RunInContainer(ctx context.Context, namespace, name, container string, argv []string, attached api.AttachIO) error {
	pod, err := p.GetPod(ctx, namespace, name)
	if err != nil {
		return err
	}
	log.Printf("exec %s/%s[%s] %d words", namespace, name, container, len(argv))
	stdout := attached.Stdout()
	kind, value, _ := strings.Cut(pod.Annotations[execution], ":")
	switch kind {
	case "hang":
		<-ctx.Done()
		return ctx.Err()
	case "error":
		return errors.New(value)
	case "delay":
		pause, err := time.ParseDuration(value)
		if err != nil {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	case "cut":
		bytes, err := strconv.Atoi(value)
		if err != nil {
			return err
		}
		if stdout != nil {
			stdout = &cutAfter{WriteCloser: stdout, left: bytes}
		}
	}

	path := os.Getenv("PATH")
	if prefix := pod.Annotations[pathPrefix]; prefix != "" {
		path = prefix + ":" + path
	}
	program, found := lookUp(argv[0], path)
	if !found {
		// What a container runtime answers.
		return utilexec.CodeExitError{Err: fmt.Errorf("exec: %q: executable file not found in $PATH", argv[0]), Code: 127}
	}
	if own := pod.Annotations[inNamespace]; own != "" {
		argv = append([]string{"ip", "netns", "exec", own}, argv...)
		if program, found = lookUp("ip", os.Getenv("PATH")); !found {
			return errors.New("the lab's machine has no ip")
		}
	}
	cmd := &exec.Cmd{Path: program, Args: argv, Env: environment(pod, container, path)}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	// A child of the command may hold its output open longer than it lives.
	cmd.WaitDelay = 2 * time.Second
	if stdin := attached.Stdin(); stdin != nil {
		// As cmd.Stdin, Wait would wait for the reader too.
		pipe, err := cmd.StdinPipe()
		if err != nil {
			return err
		}
		go func() {
			_, _ = io.Copy(pipe, stdin)
			_ = pipe.Close()
		}()
	}
	if stdout != nil {
		cmd.Stdout = stdout
	}
	if stderr := attached.Stderr(); stderr != nil {
		cmd.Stderr = stderr
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	done := make(chan struct{})
	go func() {
		select {
		case <-ctx.Done():
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		case <-done:
		}
	}()
	err = cmd.Wait()
	close(done)
	return asExit(err, kind == "cut")
}

// What the API server understands as the end of a command.
func asExit(err error, cut bool) error {
	if cut || errors.Is(err, exec.ErrWaitDelay) {
		return nil
	}
	var ended *exec.ExitError
	if !errors.As(err, &ended) {
		return err
	}
	code := ended.ExitCode()
	if status, ok := ended.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		code = 128 + int(status.Signal())
	}
	return utilexec.CodeExitError{Err: ended, Code: code}
}

func environment(pod *v1.Pod, container, path string) []string {
	all := []string{
		"PATH=" + path, "HOME=/tmp", "LANG=C.UTF-8", "HOSTNAME=" + pod.Name,
		"POD_NAMESPACE=" + pod.Namespace, "POD_NAME=" + pod.Name,
	}
	for _, c := range pod.Spec.Containers {
		if c.Name != container {
			continue
		}
		for _, e := range c.Env {
			all = append(all, e.Name+"="+e.Value)
		}
	}
	return all
}

func lookUp(name, path string) (string, bool) {
	if strings.Contains(name, "/") {
		return name, true
	}
	for _, directory := range strings.Split(path, ":") {
		file := directory + "/" + name
		if is, err := os.Stat(file); err == nil && !is.IsDir() && is.Mode()&0o111 != 0 {
			return file, true
		}
	}
	return "", false
}

// cutAfter passes on so many bytes and swallows the rest.
type cutAfter struct {
	io.WriteCloser
	left int
}

func (c *cutAfter) Write(b []byte) (int, error) {
	part := b[:min(len(b), c.left)]
	c.left -= len(part)
	if len(part) > 0 {
		if _, err := c.WriteCloser.Write(part); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}
