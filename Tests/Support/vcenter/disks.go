package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// image runs qemu-img.
func image(arguments ...string) (string, error) {
	out, err := exec.Command("qemu-img", arguments...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("qemu-img %s: %s", strings.Join(arguments, " "), out)
	}
	return string(out), nil
}

// diskSize is the size of a disk as its guest sees it, in bytes.
func diskSize(path string) (int64, error) {
	text, err := image("info", "--output=json", path)
	if err != nil {
		return 0, err
	}
	var info struct {
		Size int64 `json:"virtual-size"`
	}
	err = json.Unmarshal([]byte(text), &info)
	return info.Size, err
}

// layer gives a disk a second name, under which others can lie over it: so it outlives its machine, and whoever would
// write to it can see that it has children. Layers go when the server does.
func (w *world) layer(m *machine) (string, error) {
	if m.layer != "" {
		return m.layer, nil
	}
	directory := filepath.Join(w.state, "layers")
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return "", err
	}
	w.layers++
	layer := filepath.Join(directory, fmt.Sprintf("%d.qcow2", w.layers))
	if err := os.Link(m.disk, layer); err != nil {
		// Another file system, as that of a template given by hand.
		if err := os.Symlink(m.disk, layer); err != nil {
			return "", err
		}
	}
	m.layer = layer
	return layer, nil
}

// overlay makes a machine's disk one over a layer.
func overlay(layer string, m *machine) error {
	if err := os.MkdirAll(m.directory, 0o755); err != nil {
		return err
	}
	m.disk, m.layer = filepath.Join(m.directory, "disk.qcow2"), ""
	// The other name of what was there stays.
	_ = os.Remove(m.disk)
	_, err := image("create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", layer, m.disk)
	return err
}

// cloneDisk gives a clone its disk: over that of its source, or a copy of what a snapshot holds.
func (w *world) cloneDisk(source, clone *machine, snapshot *ref) error {
	if source.disk == "" {
		return nil
	}
	if snapshot != nil && source.snapshotBoots[snapshot.Value] != source.boots {
		// The guest has written since, and a layer below cannot be a snapshot within a file.
		if err := os.MkdirAll(clone.directory, 0o755); err != nil {
			return err
		}
		clone.disk = filepath.Join(clone.directory, "disk.qcow2")
		_, err := image("convert", "-q", "-O", "qcow2", "-l", "snapshot.name="+snapshot.Value, source.disk, clone.disk)
		return err
	}
	layer, err := w.layer(source)
	if err != nil {
		return err
	}
	return overlay(layer, clone)
}

// prepareDisk makes a machine's disk one that may be written to: as large as configured, and nobody's layer.
func (m *machine) prepareDisk() error {
	if m.layer != "" {
		if err := overlay(m.layer, m); err != nil {
			return err
		}
	}
	device, _ := diskBacking(m.vm)
	size, err := diskSize(m.disk)
	if err != nil || device == nil || device.CapacityInKB*1024 <= size {
		return err
	}
	_, err = image("resize", "-q", m.disk, fmt.Sprint(device.CapacityInKB*1024))
	return err
}

func (m *machine) createDiskSnapshot(name string) error {
	if m.disk == "" {
		return nil
	}
	if m.guest != nil {
		return m.guest.createSnapshot(name)
	}
	m.snapshotBoots[name] = m.boots
	_, err := image("snapshot", "-c", name, m.disk)
	return err
}

func (m *machine) removeDiskSnapshot(name string) error {
	if m.disk == "" {
		return nil
	}
	if m.guest != nil {
		return m.guest.removeSnapshot(name)
	}
	_, err := image("snapshot", "-d", name, m.disk)
	return err
}

func (m *machine) revertDisk(name string) error {
	if m.disk == "" {
		return nil
	}
	_, err := image("snapshot", "-a", name, m.disk)
	return err
}
