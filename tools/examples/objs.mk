data-y := xmexample1:/etc/xen/xmexample1 xmexample2:/etc/xen/xmexample2 xmexample3:/etc/xen/xmexample3
