"""What all servers share: settings, database, certificates, serving, logs, health."""
