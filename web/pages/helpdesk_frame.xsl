<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:m="urn:inkan:messages"
                xmlns:i="urn:inkan:functions" exclude-result-prefixes="m i">

    <!-- The menu on top of the helpdesk's pages: a line a page, seen by the role that may open it and by the ones above. Pages
         that ask before an act have a way back instead. -->
    <xsl:template name="desk-nav">
        <nav class="desk-nav" m:aria-label="desk.nav">
            <ul>
                <xsl:call-template name="desk-nav-item"><xsl:with-param name="page">find</xsl:with-param><xsl:with-param name="href">/helpdesk</xsl:with-param></xsl:call-template>
                <xsl:call-template name="desk-nav-item"><xsl:with-param name="page">proposals</xsl:with-param><xsl:with-param name="href">/helpdesk/proposals</xsl:with-param><xsl:with-param name="documents">desk-proposals desk-proposal</xsl:with-param></xsl:call-template>
                <xsl:call-template name="desk-nav-item"><xsl:with-param name="page">bulk</xsl:with-param><xsl:with-param name="href">/helpdesk/bulk</xsl:with-param><xsl:with-param name="least">officer</xsl:with-param><xsl:with-param name="documents">desk-bulk desk-batch</xsl:with-param></xsl:call-template>
                <xsl:call-template name="desk-nav-item"><xsl:with-param name="page">institutions</xsl:with-param><xsl:with-param name="href">/helpdesk/institutions</xsl:with-param><xsl:with-param name="documents">desk-institutions desk-institution</xsl:with-param></xsl:call-template>
                <xsl:call-template name="desk-nav-item"><xsl:with-param name="page">ending</xsl:with-param><xsl:with-param name="href">/helpdesk/ending</xsl:with-param><xsl:with-param name="least">officer</xsl:with-param><xsl:with-param name="documents">desk-ending</xsl:with-param></xsl:call-template>
                <xsl:call-template name="desk-nav-item"><xsl:with-param name="page">statistics</xsl:with-param><xsl:with-param name="href">/helpdesk/statistics</xsl:with-param><xsl:with-param name="least">officer</xsl:with-param><xsl:with-param name="documents">desk-statistics</xsl:with-param></xsl:call-template>
                <xsl:call-template name="desk-nav-item"><xsl:with-param name="page">audit</xsl:with-param><xsl:with-param name="href">/helpdesk/audit</xsl:with-param><xsl:with-param name="least">officer</xsl:with-param><xsl:with-param name="documents">desk-audit</xsl:with-param></xsl:call-template>
                <xsl:call-template name="desk-nav-item"><xsl:with-param name="page">changes</xsl:with-param><xsl:with-param name="href">/helpdesk/changes</xsl:with-param><xsl:with-param name="documents">desk-changes</xsl:with-param></xsl:call-template>
                <xsl:call-template name="desk-nav-item"><xsl:with-param name="page">absent</xsl:with-param><xsl:with-param name="href">/helpdesk/absent</xsl:with-param><xsl:with-param name="documents">desk-absent</xsl:with-param></xsl:call-template>
                <xsl:call-template name="desk-nav-item"><xsl:with-param name="page">officers</xsl:with-param><xsl:with-param name="href">/helpdesk/officers</xsl:with-param><xsl:with-param name="least">operator</xsl:with-param><xsl:with-param name="documents">desk-officers</xsl:with-param></xsl:call-template>
            </ul>
        </nav>
    </xsl:template>

    <!-- LEAST: revoker, officer or operator. The words are desk.nav.PAGE; DOCUMENTS: the names of the documents that belong to it. -->
    <xsl:template name="desk-nav-item">
        <xsl:param name="page"/>
        <xsl:param name="href"/>
        <xsl:param name="least" select="'revoker'"/>
        <xsl:param name="documents" select="'desk-start desk-find desk-person desk-request'"/>
        <xsl:if test="$least = 'revoker' or $frame/@desk = 'operator' or ($least = 'officer' and $frame/@desk = 'officer')">
            <li><a href="{$href}">
                <xsl:if test="contains(concat(' ', $documents, ' '), concat(' ', local-name(), ' '))">
                    <xsl:attribute name="aria-current">true</xsl:attribute>
                </xsl:if>
                <xsl:value-of select="i:message('desk.nav.', $page)"/>
            </a></li>
        </xsl:if>
    </xsl:template>
</xsl:stylesheet>
